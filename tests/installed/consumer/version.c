#include <lariat/lariat.h>
#include <stdio.h>

int main(void) { return puts(lariat_version()) < 0; }
