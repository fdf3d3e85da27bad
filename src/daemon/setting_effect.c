/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/setting_effect.h"

#include <string.h>

#include "admin/callback_setting.h"
#include "admin/minor_setting.h"
#include "base/log.h"
#include "base/memory.h"
#include "callback/callback.h"
#include "callback/dial_out.h"
#include "daemon/console.h"
#include "gss/gss_table.h"
#include "proto/compound.h"
#include "state/delegation/delegation_dir.h"
#include "state/delegation/delegation_lease.h"
#include "state/delegation/delegation_pressure.h"
#include "state/delegation/delegation_tables.h"
#include "state/session/session_slots.h"
#include "state/state.h"
#include "transport/transport.h"

enum {
    ERROR_BYTES = 256
};

/* Requests in progress finish with the range that they began with. */
static void apply_minors(struct server *server, const struct setting_values *now)
{
    struct minor_range range = minor_setting_range(now);
    struct minor_range before =
        atomic_exchange_explicit(&server->minors, range, memory_order_relaxed);
    char text[MINOR_RANGE_TEXT_BYTES];

    if (server->state && before.min == range.min && before.max == range.max)
        return; /* logged before */
    minor_range_text(range, text);
    log_info("daemon.minor_versions", LOG_STR("served", text));
}

/* Values that were set fit the lease; defaults may be adapted to it. */
static void apply_callback(struct callback *callback, uint32_t lease_s,
                           const struct setting_values *now)
{
    struct callback_setting waits;
    char error[ERROR_BYTES];

    CHECK(callback_setting_fit(now, lease_s, &waits, error, sizeof(error)));
    callback_set_waits(callback, waits.timeout_ms, waits.backoff_ms, waits.backoff_max_ms);
    log_info("daemon.callback_waits", LOG_U64("timeout_ms", waits.timeout_ms),
             LOG_U64("backoff_ms", waits.backoff_ms),
             LOG_U64("backoff_max_ms", waits.backoff_max_ms), LOG_U64("lease_s", lease_s));
}

static void apply_state(struct state *state, const struct setting_values *now)
{
    static const struct {
        enum setting_id setting;
        enum state_limit limit;
    } of[] = {
        {SETTING_MAX_CLIENTS, STATE_LIMIT_clients},
        {SETTING_MAX_CLIENTS_PER_ADDRESS, STATE_LIMIT_clients_per_address},
        {SETTING_MAX_SESSIONS, STATE_LIMIT_sessions},
        {SETTING_MAX_SESSIONS_PER_CLIENT, STATE_LIMIT_sessions_per_client},
        {SETTING_MAX_OWNERS, STATE_LIMIT_owners},
        {SETTING_MAX_OWNERS_PER_CLIENT, STATE_LIMIT_owners_per_client},
        {SETTING_MAX_OPENS, STATE_LIMIT_opens},
        {SETTING_MAX_OPENS_PER_CLIENT, STATE_LIMIT_opens_per_client},
        {SETTING_MAX_LOCK_STATES, STATE_LIMIT_lock_states},
        {SETTING_MAX_LOCK_STATES_PER_CLIENT, STATE_LIMIT_lock_states_per_client},
        {SETTING_MAX_LOCKS, STATE_LIMIT_locks},
        {SETTING_MAX_LOCKS_PER_CLIENT, STATE_LIMIT_locks_per_client},
        {SETTING_MAX_LOCK_WAITERS, STATE_LIMIT_lock_waiters},
        {SETTING_MAX_LOCK_WAITERS_PER_CLIENT, STATE_LIMIT_lock_waiters_per_client},
    };

    for (size_t i = 0; i < ARRAY_SIZE(of); i++)
        state_limit_set(state, of[i].limit, now->of[of[i].setting].number);
    session_slots_usual(state, now->of[SETTING_SLOTS].number);
    reply_budget_set(&state->reply_budget, (uint64_t)now->of[SETTING_REPLY_CACHE_MIB].number << 20);
}

static void apply_transport(struct transport *transport, const struct setting_values *now)
{
    static const struct {
        enum setting_id setting;
        enum transport_limit limit;
    } of[] = {
        {SETTING_MAX_CONNECTIONS, TRANSPORT_LIMIT_connections},
        {SETTING_MAX_CONNECTIONS_PER_ADDRESS, TRANSPORT_LIMIT_connections_per_address},
        {SETTING_MAX_HALF_RECORD_MIB, TRANSPORT_LIMIT_half_record_mib},
        {SETTING_MAX_UNSENT_MIB, TRANSPORT_LIMIT_unsent_mib},
        {SETTING_RECORD_TIMEOUT_S, TRANSPORT_LIMIT_record_timeout_s},
        {SETTING_SEND_TIMEOUT_S, TRANSPORT_LIMIT_send_timeout_s},
        {SETTING_IDLE_TIMEOUT_S, TRANSPORT_LIMIT_idle_timeout_s},
    };

    for (size_t i = 0; i < ARRAY_SIZE(of); i++)
        transport_limit_set(transport, of[i].limit, now->of[of[i].setting].number);
    gss_table_set_limits(transport_gss(transport)->table, now->of[SETTING_GSS_MAX_CONTEXTS].number,
                         now->of[SETTING_GSS_LIFETIME_S].number);
}

static void apply_memory(const struct setting_values *now)
{
    uint32_t mib = now->of[SETTING_MEMORY_MIB].number;

    memory_store_set(memory_store_default());
    memory_budget_set(mib > 0 ? (uint64_t)mib << 20 : memory_budget_default());
}

static void apply_log(const struct setting_values *now)
{
    static const struct {
        enum log_part part;
        enum setting_id setting;
    } of[] = {
#define X(part, what) {LOG_PART_##part, SETTING_LOG_LEVEL_##part},
        LOG_PARTS_WITH_LEVEL(X)
#undef X
            {LOG_PART_sequence, SETTING_LOG_LEVEL},
    };
    uint32_t level = now->of[SETTING_LOG_LEVEL].number;

    for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
        uint32_t own = now->of[of[i].setting].number;

        log_set_part_level(of[i].part, (enum log_level)(own == SETTING_INSTEAD ? level : own));
    }
    log_set_json(now->of[SETTING_LOG_FORMAT].number != 0);
}

static void apply(void *context, const struct setting_values *now)
{
    struct server *server = context;

    apply_log(now);
    apply_memory(now);
    apply_minors(server, now);
    atomic_store_explicit(&server->recall_park_ms, now->of[SETTING_RECALL_PARK_MS].number,
                          memory_order_relaxed);
    if (server->state) {
        apply_state(server->state, now);
        delegation_allow(server->state, now->of[SETTING_DELEGATIONS].number);
        delegation_dir_allow(
            server->state,
            (enum delegation_dir_level)now->of[SETTING_DIRECTORY_DELEGATIONS].number);
        delegation_set_limit(server->state, now->of[SETTING_MAX_DELEGATIONS].number);
        delegation_allow_local(server->state,
                               (enum delegation_local)now->of[SETTING_LOCAL_DELEGATIONS].number);
    }
    if (server->dial_out)
        dial_out_set_own_address(server->dial_out,
                                 now->of[SETTING_CALLBACK_OWN_ADDRESS].number != 0);
    if (server->transport)
        apply_transport(server->transport, now);
    if (server->callback)
        apply_callback(server->callback, server->lease_s, now);
}

/* Log the settings that are not at their default. */
static void say_values(struct settings *settings)
{
    struct setting_state states[SETTING_COUNT];

    (void)settings_list(settings, states);
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(states[i].value, states[i].restart) != 0)
            log_info("daemon.setting", LOG_STR("name", states[i].setting->name),
                     LOG_STR("value", states[i].value),
                     LOG_STR("origin", setting_origin_name(states[i].origin)),
                     LOG_STR("restart", states[i].restart));
        else if (states[i].origin != SETTING_DEFAULT)
            log_info("daemon.setting", LOG_STR("name", states[i].setting->name),
                     LOG_STR("value", states[i].value),
                     LOG_STR("origin", setting_origin_name(states[i].origin)));
    }
}

/* Is the configuration the cause?  Without its settings the server would start. */
static bool config_is_wrong(enum settings_status status, const struct settings_config *config)
{
    struct settings_config without = *config;
    char error[ERROR_BYTES];

    memset(without.initial, 0, sizeof(without.initial));
    memset(without.options, 0, sizeof(without.options));
    return status == SETTINGS_REFUSED &&
           settings_check(&without, error, sizeof(error)) == SETTINGS_OK;
}

static void take_config(struct settings_config *settings, const struct config *config)
{
    memcpy(settings->initial, config->initial, sizeof(settings->initial));
    memcpy(settings->options, config->options, sizeof(settings->options));
}

bool setting_effect_check(int dir, const struct config *config, bool *wrong_options)
{
    struct settings_config settings = {.dir = dir};
    enum settings_status status;
    char error[ERROR_BYTES];

    take_config(&settings, config);
    status = settings_check(&settings, error, sizeof(error));
    *wrong_options = config_is_wrong(status, &settings);
    if (status != SETTINGS_OK)
        console_error("settings: %s", error);
    return status == SETTINGS_OK;
}

struct settings *setting_effect_open(int dir, const struct config *config, struct server *server,
                                     bool *wrong_options)
{
    struct settings_config says = {.dir = dir, .apply = apply, .context = server};
    struct setting_values now;
    enum settings_status status;
    struct settings *settings;
    char error[ERROR_BYTES];

    *wrong_options = false;
    take_config(&says, config);
    settings = settings_open(&says, &status, error, sizeof(error));
    if (settings) {
        settings_get(settings, &now);
        server->lease_s = now.of[SETTING_LEASE_S].number;
        say_values(settings);
        return settings;
    }
    console_error("settings: %s", error);
    *wrong_options = config_is_wrong(status, &says);
    return NULL;
}

void setting_effect_start(struct settings *settings, struct server *server)
{
    struct setting_values now;

    settings_get(settings, &now);
    apply(server, &now);
}

void setting_effect_transport(struct settings *settings, struct transport *transport)
{
    struct setting_values now;

    settings_get(settings, &now);
    apply_transport(transport, &now);
}

bool setting_effect_reload(struct settings *settings, const struct setting_option *initial,
                           char *error, size_t size)
{
    enum settings_status status = initial ? settings_reconfigure(settings, initial, error, size)
                                          : settings_reload(settings, error, size);

    if (status == SETTINGS_OK) {
        log_info("daemon.hangup", LOG_STR("read", "settings.db"));
        say_values(settings);
    } else {
        log_error("daemon.hangup", LOG_STR("error", error),
                  LOG_STR("note", "the settings stay as they were"));
    }
    return status == SETTINGS_OK;
}
