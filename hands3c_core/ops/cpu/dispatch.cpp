// The library's C interface: picks the instruction set the CPU has, once, and forwards calls.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#if defined(HANDS3C_X86)
#include <cpuid.h>
#endif

#include "kernel_table.h"
#include "threads.h"

namespace {

struct Active {
  const KernelTable* table;
  const char* name;
};

#if defined(HANDS3C_X86)
// Asked of the processor itself: __builtin_cpu_supports says no to everything where the library is
// built by zig.
struct Processor {
  bool avx2 = false, avx512 = false;

  Processor() {
    unsigned a, b, c, d;
    constexpr unsigned fma = 1u << 12, saves_state = 1u << 27;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & fma) || !(c & saves_state)) return;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    constexpr unsigned sets = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);  // F, DQ, BW, VL
    avx2 = (b & (1u << 5)) && (low & 0x6) == 0x6;
    avx512 = avx2 && (b & sets) == sets && (low & 0xe6) == 0xe6;
  }
};
#endif

bool supported(const char* name) {
#if defined(HANDS3C_X86)
  const Processor processor;
  if (!std::strcmp(name, "avx512")) return processor.avx512;
  if (!std::strcmp(name, "avx2")) return processor.avx2;
#endif
  return !std::strcmp(name, "portable");
}

bool find(const char* name, Active* found) {
  if (!supported(name)) return false;
#if defined(HANDS3C_X86)
  if (!std::strcmp(name, "avx512")) *found = {kernels_avx512(), "avx512"};
  else if (!std::strcmp(name, "avx2")) *found = {kernels_avx2(), "avx2"};
  else
#endif
    *found = {kernels_portable(), "portable"};
  return true;
}

Active best() {
  Active active{};
  for (const char* name : {"avx512", "avx2", "portable"})
    if (find(name, &active)) break;
  return active;
}

Active chosen = best();  // while the library is loaded: the first use needs no lock
Active& active() { return chosen; }

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

const char* hands3c_isa() { return active().name; }

// Use another instruction set from now on ("avx512", "avx2", "portable"): 0, or 1 if the CPU lacks
// it. Not while kernels run.
int hands3c_use_isa(const char* name) { return find(name, &active()) ? 0 : 1; }

// Layout constants: lanes (of float or double), what states are padded to a multiple of, steps per tile.
void hands3c_layout(int is_double, int64_t* out) {
  const KernelTable& t = *active().table;
  out[0] = is_double ? t.lanes_f64 : t.lanes_f32;
  out[1] = t.least_block_states;
  out[2] = t.tile_steps;
}

// Keep the vector units of so many threads busy: 16 fused multiply-adds a round each.
float hands3c_spin_vector_units(int64_t rounds, int64_t threads) {
  std::atomic<float> last{0};
  const auto spin = [&](int64_t) { last = active().table->spin_vector_units(rounds); };
  run_tasks(
      threads, threads,
      [](const void* task, int64_t i) { (*static_cast<const decltype(spin)*>(task))(i); }, &spin);
  return last;
}

void hands3c_scan_forward_f32(const ScanProblem<float>* p) { active().table->scan_forward_f32(*p); }
void hands3c_scan_forward_f64(const ScanProblem<double>* p) {
  active().table->scan_forward_f64(*p);
}
void hands3c_scan_backward_f32(const ScanProblem<float>* p) {
  active().table->scan_backward_f32(*p);
}
void hands3c_scan_backward_f64(const ScanProblem<double>* p) {
  active().table->scan_backward_f64(*p);
}
void hands3c_cross_scan_forward_f32(const CrossScanProblem<float>* p) {
  active().table->cross_scan_forward_f32(*p);
}
void hands3c_cross_scan_forward_f64(const CrossScanProblem<double>* p) {
  active().table->cross_scan_forward_f64(*p);
}
void hands3c_cross_scan_backward_f32(const CrossScanProblem<float>* p) {
  active().table->cross_scan_backward_f32(*p);
}
void hands3c_cross_scan_backward_f64(const CrossScanProblem<double>* p) {
  active().table->cross_scan_backward_f64(*p);
}
}
#pragma GCC visibility pop
