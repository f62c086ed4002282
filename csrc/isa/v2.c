#define FL_ISA v2
#include "../kernels.h"
