/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Knobs that the loader sets before the program is verified; constants from then on. */
#ifndef SHOAL_CONFIG_H
#define SHOAL_CONFIG_H

#include "shoal_types.h"

/* One variable, so that the loader needs no offsets. */
const volatile struct shoal_config shoal_config = {};

#endif
