/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of the replies that are kept for retries of minor version 0; all 0 without that. */
#pragma once

struct metric_text;
struct v40;

void metric_duplicate_show(struct metric_text *text, const struct v40 *v40);
