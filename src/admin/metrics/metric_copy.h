/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of copies on the server. */
#pragma once

struct copies;
struct metric_text;

void metric_copy_show(struct metric_text *text, struct copies *copies);
