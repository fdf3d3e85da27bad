/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of the questions who users and groups are; all 0 without a cache. */
#pragma once

struct identity_cache;
struct metric_text;

void metric_identity_show(struct metric_text *text, struct identity_cache *identities);
