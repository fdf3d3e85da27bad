/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of sessions; those of each session by itself for `most` of them. */
#pragma once

#include <stdint.h>

struct metric_text;
struct state;

void metric_session_show(struct metric_text *text, struct state *state, uint32_t most);
