/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of the process; what it does not tell is 0. */
#pragma once

struct metric_text;

void metric_process_show(struct metric_text *text);
