#define FL_ISA v3
#include "../kernels.h"
