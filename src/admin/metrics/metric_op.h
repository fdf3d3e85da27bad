/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of operations, by minor version; only of those that occurred. */
#pragma once

struct metric_text;
struct op_counters;

void metric_op_show(struct metric_text *text, const struct op_counters *counters);
