/* SPDX-License-Identifier: Apache-2.0 */
/*
 * L-16: every metric moves with its cause, and only then.  A cause is brought about on a running
 * server; the series that it is about must move, and others must not.  A metric without a cause
 * fails the test, unless `elsewhere` names the test that has it.  The causes that take time are in
 * programs of their own, metric_causes_*.
 */
#include <stdio.h>
#include <string.h>

#include "metric_causes/cause.h"
#include "scrape.h"
#include "script.h"

/* Metrics that another test is about: of the metric itself, or of the counter behind it, which
 * protocol.admin_metrics finds to be the same.  docs.metrics looks for the word in that test. */
static const struct {
    const char *family, *test, *word;
} elsewhere[] = {
    {"build_info", "protocol.admin_metrics", "mainstay_build_info"},
    {"copies", "protocol.copy_async", "copies"},
    {"copy_begun", "protocol.copy_async", "copy_begun"},
    {"copy_bytes", "protocol.copy_async", "copy_bytes"},
    {"copy_cancelled", "protocol.copy_async", "copy_cancelled"},
    {"copy_done", "protocol.copy_async", "copy_done"},
    {"copy_failed", "protocol.copy_async", "copy_failed"},
    {"copy_short", "protocol.copy_async", "copy_short"},
    {"delegation_granted_directory", "unit.state.delegation.delegation_dir", "granted_directory"},
    {"delegation_notify_bytes", "unit.state.delegation.delegation_watch", "notify_bytes"},
    {"delegation_granted_with_times", "protocol.delegation_times", "delegation_granted_with_times"},
    {"delegation_granted_without_open", "protocol.open_xor", "delegation_granted_without_open"},
    {"delegation_notify_events_coalesced", "unit.state.delegation.delegation_watch",
     "notify_events_coalesced"},
    {"delegation_notify_events_queued", "unit.state.delegation.delegation_watch",
     "notify_events_queued"},
    {"delegation_notify_events_sent", "unit.state.delegation.delegation_notify",
     "notify_events_sent"},
    {"delegation_notify_failures", "unit.state.delegation.delegation_notify", "notify_failures"},
    {"delegation_notify_overflows", "unit.state.delegation.delegation_watch", "notify_overflows"},
    {"delegation_notify_refused", "unit.state.delegation.delegation_watch", "notify_refused"},
    {"delegation_reclaimed", "unit.state.delegation.delegation", "reclaimed"},
    {"delegation_refused_access", "unit.state.delegation.delegation", "refused_access"},
    {"delegation_refused_held", "unit.state.delegation.delegation", "refused_held"},
    {"delegation_refused_history", "unit.state.delegation.delegation_conflict", "refused_history"},
    {"delegation_refused_revoked", "unit.state.delegation.delegation_revoke", "refused_revoked"},
    {"delegation_removed", "unit.state.delegation.delegation_dir", "removed"},
    {"delegation_times_reported", "protocol.delegation_times", "delegation_times_reported"},
    {"delegation_upgraded", "unit.state.delegation.delegation", "upgraded"},
    {"dial_out_malformed", "unit.callback.dial_out", "malformed"},
    {"dial_out_refused", "unit.callback.dial_out", "refused"},
    {"dial_out_timeouts", "unit.callback.dial_out", "timeouts"},
    {"duplicate_clients", "unit.proto.v40.duplicate_cache", "clients"},
    {"duplicate_evicted", "unit.proto.v40.duplicate_cache", "evicted"},
    {"duplicate_evicted_client", "unit.proto.v40.duplicate_cache", "evicted_client"},
    {"duplicate_expired", "unit.proto.v40.duplicate_cache", "expired"},
    {"duplicate_refused", "unit.proto.v40.duplicate_cache", "refused"},
    {"duplicate_waiting", "unit.proto.v40.duplicate_cache", "waiting"},
    {"duplicate_waits", "unit.proto.v40.duplicate_cache", "waits"},
    {"duplicate_xid_collisions", "unit.proto.v40.duplicate_cache", "xid_collisions"},
    {"event_loops", "unit.transport.transport", "loops"},
    {"event_loops_stuck", "unit.transport.transport", "loops_stuck"},
    {"export_attribute_hits", "protocol.admin_metrics", "mainstay_export_attribute_hits"},
    {"export_attribute_misses", "protocol.admin_metrics", "mainstay_export_attribute_misses"},
    {"export_attribute_changes", "protocol.admin_metrics", "mainstay_export_attribute_changes"},
    {"export_attribute_overflows", "protocol.admin_metrics", "mainstay_export_attribute_overflows"},
    {"export_attribute_untold", "protocol.admin_metrics", "mainstay_export_attribute_untold"},
    {"gss_contexts", "protocol.gss_contexts", "gss_contexts"},
    {"gss_contexts_ended", "protocol.gss_contexts", "gss_contexts_ended"},
    {"gss_contexts_made", "protocol.gss_contexts", "gss_contexts_made"},
    {"gss_contexts_refused", "protocol.gss_contexts", "gss_contexts_refused"},
    {"identity_asking", "unit.identity.identity_cache", "asking"},
    {"identity_cached", "unit.identity.identity_cache", "cached"},
    {"identity_entries", "unit.identity.identity_cache", "entries"},
    {"identity_failures", "unit.identity.identity_cache", "failures"},
    {"identity_late", "unit.identity.identity_cache", "late"},
    {"identity_lookups", "unit.identity.identity_cache", "lookups"},
    {"identity_map_failures", "unit.identity.identity_cache", "map_failures"},
    {"identity_map_reloads", "unit.identity.identity_cache", "map_reloads"},
    {"identity_refreshed", "unit.identity.identity_cache", "refreshed"},
    {"identity_refused", "unit.identity.identity_cache", "refused"},
    {"identity_unknown", "unit.identity.identity_cache", "unknown"},
    {"log_lines_left_out", "unit.base.log_queue", "log_limited"},
    {"memory_refused", "fault.memory", "refused"},
    {"memory_store_bytes", "protocol.admin_metrics", "mainstay_memory_store_bytes"},
    {"process_max_fds", "protocol.admin_metrics", "mainstay_process_max_fds"},
    {"process_resident_memory_bytes", "protocol.admin_metrics",
     "mainstay_process_resident_memory_bytes"},
    {"process_start_time_seconds", "protocol.admin_metrics", "mainstay_process_start_time_seconds"},
    {"state_writable", "protocol.admin_clients", "mainstay_state_writable"},
    {"threads", "unit.transport.worker", "threads"},
    {"transport_accept_pauses", "unit.transport.transport", "accept_pauses"},
    {"transport_crowded", "unit.transport.share", "crowded"},
    {"transport_dropped", "unit.callback.dial_out", "dropped"},
    {"transport_gss_bad_bodies", "protocol.gss_calls", "gss_bad_bodies"},
    {"transport_gss_bad_verifiers", "protocol.gss_calls", "gss_bad_verifiers"},
    {"transport_gss_expired", "protocol.gss_calls", "gss_expired"},
    {"transport_gss_malformed", "protocol.gss_calls", "gss_malformed"},
    {"transport_gss_replays", "protocol.gss_calls", "gss_replays"},
    {"transport_gss_unknown", "protocol.gss_calls", "gss_unknown"},
    {"transport_half_records_evicted", "fault.half_records", "half_records_evicted"},
    {"transport_no_spare", "unit.transport.worker", "no_spare"},
    {"transport_parks_refused", "unit.transport.park", "parks_refused"},
    {"transport_retakes", "unit.transport.worker", "retakes"},
    {"transport_spins", "unit.transport.spin", "spins"},
    {"transport_spins_vain", "unit.transport.spin", "spins_vain"},
    {"transport_tails_short", "unit.transport.send_queue", "tails_short"},
    {"transport_tls_displaced", "unit.transport.tls", "tls_displaced"},
    {"transport_tls_displaced_address", "unit.transport.tls", "tls_displaced_address"},
    {"transport_tls_kernel", "unit.transport.tls", "tls_kernel"},
    {"transport_tls_late", "unit.transport.tls", "tls_late"},
    {"transport_tls_mutual", "unit.transport.tls", "tls_mutual"},
    {"transport_tls_no_longer_good", "unit.transport.tls", "tls_no_longer_good"},
    {"transport_tls_probes", "unit.transport.tls", "tls_probes"},
    {"transport_tls_refused_alpn", "unit.transport.tls", "tls_refused_alpn"},
    {"transport_tls_refused_by_client", "unit.transport.tls", "tls_refused_by_client"},
    {"transport_tls_refused_certificate", "unit.transport.tls", "tls_refused_certificate"},
    {"transport_tls_refused_expired", "unit.transport.tls", "tls_refused_expired"},
    {"transport_tls_refused_protocol", "unit.transport.tls", "tls_refused_protocol"},
    {"transport_tls_refused_revoked", "unit.transport.tls", "tls_refused_revoked"},
    {"transport_tls_refused_untrusted", "unit.transport.tls", "tls_refused_untrusted"},
    {"transport_tls_refused_version", "unit.transport.tls", "tls_refused_version"},
    {"transport_tls_sessions", "unit.transport.tls", "tls_sessions"},
    {"transport_tls_spent", "unit.transport.tls", "tls_spent"},
    {"transport_tls_truncated", "unit.transport.tls", "tls_truncated"},
    {"transport_turns", "unit.transport.transport", "turns"},
    {"transport_unsent_evicted", "fault.limits", "unsent_evicted"},
    {"transport_waits", "unit.transport.send_queue", "waits"},
    {"transport_yields", "unit.transport.turn", "yields"},
    /* Only a machine without memory moves them. */
    {"transport_no_memory", "", ""},
    {"transport_refused_memory", "", ""},
};

static const struct cause_list *const lists[] = {
    &cause_connections, &cause_requests, &cause_clients, &cause_delegations,
    &cause_settings,    &cause_v40,      &cause_leases,  &cause_restart,
};

static void requests(void **state)
{
    (void)state;
    cause_list_check(&cause_requests);
}

static void clients(void **state)
{
    (void)state;
    cause_list_check(&cause_clients);
}

static void settings(void **state)
{
    (void)state;
    cause_list_check(&cause_settings);
}

/* ---- all metrics ---- */

static bool has_cause(const char *family)
{
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        for (size_t j = 0; j < lists[i]->count; j++) {
            const struct cause *cause = &lists[i]->causes[j];

            for (size_t k = 0; k < CAUSE_PATTERNS && cause->moves[k]; k++) {
                size_t len = strcspn(cause->moves[k], "{");

                if (strlen(family) == len && strncmp(cause->moves[k], family, len) == 0)
                    return true;
            }
        }
    }
    return false;
}

static bool is_elsewhere(const char *family)
{
    for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
        if (strcmp(elsewhere[i].family, family) == 0)
            return true;
    }
    return false;
}

static void family_check(const char *family, void *arg)
{
    unsigned *wrong = arg;

    if (has_cause(family) != is_elsewhere(family))
        return;
    (void)printf("%s has %s\n", family, has_cause(family) ? "two places" : "no cause");
    ++*wrong;
}

static void each_has_a_cause(void **state)
{
    unsigned wrong = 0;

    (void)state;
    scrape_families(family_check, &wrong);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_cause),
        cmocka_unit_test(requests),
        cmocka_unit_test(clients),
        cmocka_unit_test(settings),
    };

    return test_group_run_fixtures(tests, cause_set_up, script_teardown);
}
