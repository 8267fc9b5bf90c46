// The kernels of one instruction set and the sizes that callers need to lay out memory.
#pragma once

#include "problems.h"

struct KernelTable {
  void (*scan_forward_f32)(const ScanProblem<float>&);
  void (*scan_forward_f64)(const ScanProblem<double>&);
  void (*scan_backward_f32)(const ScanProblem<float>&);
  void (*scan_backward_f64)(const ScanProblem<double>&);
  void (*cross_scan_forward_f32)(const CrossScanProblem<float>&);
  void (*cross_scan_forward_f64)(const CrossScanProblem<double>&);
  void (*cross_scan_backward_f32)(const CrossScanProblem<float>&);
  void (*cross_scan_backward_f64)(const CrossScanProblem<double>&);
  float (*spin_vector_units)(int64_t rounds);
  int lanes_f32, lanes_f64, least_block_states, tile_steps;
};

const KernelTable* kernels_portable();
#if defined(HANDS3C_X86)
const KernelTable* kernels_avx2();
const KernelTable* kernels_avx512();
#endif
