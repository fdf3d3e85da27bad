/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of examples: golden_args.c, golden_results.c. */
#pragma once

#include "golden.h"

extern const struct golden_args golden_args[];
extern const size_t golden_args_count;
extern const struct golden_results golden_results[];
extern const size_t golden_results_count;
