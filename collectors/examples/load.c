/* The load of the machine, in C99 with one header. Modes `oneshot` and `stream`. */
#include <lariat/collector.h>

static void collect(lariat_collector* say, void* data) {
  const char* path = (const char*)data;
  FILE* file = fopen(path, "r");
  double load[3];
  if (file == NULL || fscanf(file, "%lf %lf %lf", &load[0], &load[1], &load[2]) != 3) {
    lariat_collector_state(say, "load", NULL, LARIAT_COLLECTOR_UNKNOWN, "it cannot be read");
  } else {
    lariat_collector_sample(say, "load", "minutes=1", load[0]);
    lariat_collector_sample(say, "load", "minutes=5", load[1]);
    lariat_collector_sample(say, "load", "minutes=15", load[2]);
  }
  if (file != NULL) fclose(file);
}

int main(void) {
  static char path[] = "/proc/loadavg";
  return lariat_collector_run(collect, path);
}
