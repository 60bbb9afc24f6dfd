#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

// The least that a collector can be: one line, and its end. Its name's tag is the first argument.
// With a second one it waits for so many milliseconds before, as one that asks a server.
int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "0";
  if (argc > 2) std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(argv[2])));
  std::printf("sample %lld bench_oneshot number=%s 1\n", static_cast<long long>(std::time(nullptr)),
              name);
  return 0;
}
