#define FL_ISA v4
#include "../kernels.h"
