/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of sessions; those of each session by itself for LIMIT_METRICS_SESSIONS of them. */
#pragma once

struct metric_text;
struct state;

void metric_session_show(struct metric_text *text, struct state *state);
