/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Knobs that the loader sets before the program is verified; constants from then on. */
#ifndef SHOAL_CONFIG_H
#define SHOAL_CONFIG_H

#include "shoal_types.h"

/* The secret of the flow hash. Set from `meta` when the maps are adopted, so that flows stay. */
const volatile struct shoal_hash_key shoal_hash_key = {};

#endif
