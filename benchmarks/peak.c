// What the cores multiply and add at most: float32 FMA between registers, no memory.
// cc -O3 -march=native -pthread peak.c -o peak; ./peak THREADS prints GFLOP/s, the best of eight tries.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define WIDTH 16
#define REGISTER "v"
#elif defined(__AVX__)
#define WIDTH 8
#define REGISTER "x"
#else
#define WIDTH 4
#define REGISTER "x"
#endif
typedef float lanes __attribute__((vector_size(4 * WIDTH)));
#define ROUNDS 20000000L
// Twelve chains: more than the units times their latency, so that both are always fed. One variable each, since an
// array would go through memory.
#define CHAINS(DO) DO(a) DO(b) DO(c) DO(d) DO(e) DO(f) DO(g) DO(h) DO(i) DO(j) DO(k) DO(l)
#define COUNT 12
#define DECLARE(x) lanes x = factor;
#define STEP(x) x = x * factor + addend; __asm__ volatile("" : "+" REGISTER(x));
#define USE(x) sink += x[0];

static volatile float sink;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

static void *work(void *unused) {
  lanes factor, addend;
  for (int lane = 0; lane < WIDTH; lane++) factor[lane] = 0.999f, addend[lane] = 0.001f;
  CHAINS(DECLARE)
  for (long round = 0; round < ROUNDS; round++) { CHAINS(STEP) }
  CHAINS(USE)
  return unused;
}

int main(int count, char **given) {
  int threads = count > 1 ? atoi(given[1]) : 1;
  pthread_t ids[256];
  double best = 0;
  if (threads < 1 || threads > 256) return 1;
  for (int repeat = 0; repeat < 8; repeat++) {
    double start = seconds();
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, NULL);
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    double rate = 2.0 * WIDTH * COUNT * ROUNDS * threads / (seconds() - start) / 1e9;
    if (rate > best) best = rate;
  }
  printf("%.0f\n", best);
  return 0;
}
