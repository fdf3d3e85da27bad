/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_gss.h"

#include "admin/metrics/metric_text.h"
#include "gss/gss_accept.h"
#include "gss/gss_table.h"

static void refusals_show(struct metric_text *text, const struct gss_acceptor *acceptor)
{
    metric_text_begin(text, METRIC_GSS_REFUSED);
    for (unsigned i = 0; i < GSS_REFUSAL_COUNT; i++)
        metric_text_count(text, gss_refusal_name((enum gss_refusal)i),
                          gss_acceptor_refused(acceptor, (enum gss_refusal)i));
}

void metric_gss_show(struct metric_text *text, const struct transport_gss *gss)
{
    struct gss_table_stats stats;

    gss_table_stats_read(gss->table, &stats);
    metric_text_begin(text, METRIC_GSS_CONTEXTS);
    metric_text_count(text, "used", stats.contexts - stats.unproven);
    metric_text_count(text, "unused", stats.unproven);
    metric_text_one(text, METRIC_GSS_CONTEXTS_MADE, stats.made);
    metric_text_begin(text, METRIC_GSS_CONTEXTS_ENDED);
    metric_text_count(text, "destroyed", stats.destroyed);
    metric_text_count(text, "expired", stats.expired);
    metric_text_count(text, "idle", stats.idle);
    metric_text_count(text, "evicted", stats.evicted);
    refusals_show(text, gss->acceptor);
}
