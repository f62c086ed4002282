#define FL_ISA generic
#include "../kernels.h"
