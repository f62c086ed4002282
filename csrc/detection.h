/* detection.h -- what happens to the objects of a batch before the kernels see them. */
#ifndef FL_DETECTION_H
#define FL_DETECTION_H

#include "fastloss.h"

int fl_detection_sort(fl_detection_args *args);      /* 0: no memory; free(args->first) ends it */

#endif
