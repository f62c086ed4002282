#define FL_ISA aarch64
#include "../kernels.h"
