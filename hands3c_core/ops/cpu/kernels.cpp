// All kernels for one instruction set. Compiled once per set with HANDS3C_NAMESPACE naming it.
#include "cross_scan.h"
#include "kernel_table.h"
#include "scan.h"

#define HANDS3C_CONCAT_(a, b) a##b
#define HANDS3C_CONCAT(a, b) HANDS3C_CONCAT_(a, b)

const KernelTable* HANDS3C_CONCAT(kernels_, HANDS3C_NAMESPACE)() {
  namespace isa = HANDS3C_NAMESPACE;
  static const KernelTable table = {
      isa::scan_forward<float>,        isa::scan_forward<double>,
      isa::scan_backward<float>,       isa::scan_backward<double>,
      isa::cross_scan_forward<float>,  isa::cross_scan_forward<double>,
      isa::cross_scan_backward<float>, isa::cross_scan_backward<double>,
      isa::spin_vector_units,          isa::Simd<float>::lanes,
      isa::Simd<double>::lanes,        isa::least_block_states,
      isa::tile_steps,
  };
  return &table;
}
