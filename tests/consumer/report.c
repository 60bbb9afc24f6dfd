/* One message of each kind to each endpoint that is named; it ends when all are delivered. */
#include <lariat/lariat.h>
#include <stdio.h>

#define TIME 1700000000

static int report(lariat_publisher* publisher) {
  const double values[] = {1.5, 2};
  int result = lariat_sample(publisher, "temperature room=attic", TIME, values, 2);
  if (result >= 0) result = lariat_tally(publisher, "visits room=attic", TIME, 3);
  if (result >= 0) result = lariat_delta(publisher, "steps room=attic", TIME, 12345);
  if (result >= 0) {
    result = lariat_state(publisher, "roof room=attic", TIME, LARIAT_STATUS_WARNING, "a drip");
  }
  if (result >= 0) result = lariat_event(publisher, "rain room=attic", TIME, "it began");
  if (result >= 0) result = lariat_fact(publisher, "floor room=attic", "oak");
  if (result >= 0) result = lariat_flush(publisher, 10000);
  return result;
}

int main(int argc, char** argv) {
  lariat_publisher* publisher = NULL;
  int result = lariat_open(&publisher, NULL);
  for (int i = 1; result >= 0 && i < argc; ++i) result = lariat_connect(publisher, argv[i], NULL);
  if (result >= 0) result = report(publisher);
  if (result < 0) fprintf(stderr, "lariat %s: %s\n", lariat_version(), lariat_strerror(result));
  lariat_close(publisher);
  return result < 0;
}
