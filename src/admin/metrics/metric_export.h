/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of exports: what was read and written. */
#pragma once

struct export_table;
struct metric_text;

void metric_export_show(struct metric_text *text, struct export_table *exports);
