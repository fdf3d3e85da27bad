/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric.h"

const struct metric metric_table[METRIC_COUNT] = {
#define X(ID, name, type, labels, help) [METRIC_##ID] = {name, METRIC_##type, labels, help},
    METRICS(X)
#undef X
#define X(name, help) [METRIC_transport_##name] = {"transport_" #name, METRIC_COUNTER, NULL, help},
        TRANSPORT_COUNTERS(X)
#undef X
#define X(name, help)                                                                              \
    [METRIC_delegation_##name] = {"delegation_" #name, METRIC_COUNTER, NULL, help},
            DELEGATION_COUNTERS(X)
#undef X
#define X(name, help) [METRIC_dial_out_##name] = {"dial_out_" #name, METRIC_COUNTER, NULL, help},
                DIAL_OUT_COUNTERS(X)
#undef X
#define X(name, help) [METRIC_duplicate_##name] = {"duplicate_" #name, METRIC_COUNTER, NULL, help},
                    DUPLICATE_COUNTERS(X)
#undef X
#define X(name, help) [METRIC_identity_##name] = {"identity_" #name, METRIC_COUNTER, NULL, help},
                        IDENTITY_COUNTERS(X)
#undef X
#define X(name, help) [METRIC_export_##name] = {"export_" #name, METRIC_COUNTER, "export", help},
                            EXPORT_COUNTERS(X)
#undef X
#define X(name, help) [METRIC_copy_##name] = {"copy_" #name, METRIC_COUNTER, NULL, help},
                                COPY_COUNTERS(X)
#undef X
};
