/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_identity.h"

#include "admin/metrics/metric_text.h"
#include "identity/identity_cache.h"

void metric_identity_show(struct metric_text *text, struct identity_cache *identities)
{
    struct identity_stats stats = {0};

    if (identities)
        identity_stats_read(identities, &stats);
    metric_text_one(text, METRIC_IDENTITIES, stats.entries);
    metric_text_one(text, METRIC_IDENTITIES_ASKING, stats.asking);
#define X(name, help) metric_text_one(text, METRIC_identity_##name, stats.name);
    IDENTITY_COUNTERS(X)
#undef X
}
