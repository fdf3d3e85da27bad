/* SPDX-License-Identifier: Apache-2.0 */
/* Prints results as text or as one JSON object. */
#pragma once

#include "bench/load/engine.h"
#include "bench/load/idle.h"
#include "bench/load/recall.h"

void report_bench(const struct bench_options *options, const struct bench_result *result);
void report_idle(const struct bench_options *options, const struct idle_result *result);
void report_recall(const struct bench_options *options, const struct recall_result *result);
