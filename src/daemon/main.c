/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstayd: parses its options, wires the modules together, and waits for signals.  The main
 * thread serves no requests; it also drives the timers, such as leases.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/api/event_feed.h"
#include "admin/http/http_tls.h"
#include "base/build_record.h"
#include "base/clock.h"
#include "base/errand.h"
#include "base/limits.h"
#include "base/memory.h"
#include "callback/callback.h"
#include "callback/callback_notify.h"
#include "callback/dial_client.h"
#include "callback/notify_lock.h"
#include "callback/recall.h"
#include "callback/recall_any.h"
#include "callback/recall_slot.h"
#include "daemon/admin.h"
#include "daemon/backends.h"
#include "daemon/chores.h"
#include "daemon/clock_watch.h"
#include "daemon/configuration.h"
#include "daemon/console.h"
#include "daemon/descriptors.h"
#include "daemon/export_reach.h"
#include "daemon/exports.h"
#include "daemon/identities.h"
#include "daemon/journal.h"
#include "daemon/kerberos.h"
#include "daemon/listening.h"
#include "daemon/options.h"
#include "daemon/preflight.h"
#include "daemon/privilege.h"
#include "daemon/reload.h"
#include "daemon/service_manager.h"
#include "daemon/setting_effect.h"
#include "daemon/shutdown.h"
#include "daemon/start_report.h"
#include "daemon/state_dir.h"
#include "daemon/stats.h"
#include "daemon/tls_setup.h"
#include "daemon/watchdog.h"
#include "export/export_table.h"
#include "proto/attr/attr_notice.h"
#include "proto/copies/copies.h"
#include "proto/nfs4_program.h"
#include "state/delegation/delegation_lease.h"
#include "state/delegation/delegation_lease_hook.h"
#include "state/delegation/delegation_watch.h"
#include "state/lock/lock_notice.h"
#include "state/recovery/recovery.h"
#include "state/recovery/recovery_grace.h"
#include "state/state.h"
#include "tls/tls_memory.h"
#include "transport/transport.h"
#include "transport/worker.h"

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    DRAIN_MS = 5000
};

struct daemon {
    struct config config;
    struct config *options; /* what the command line said; NULL without a configuration file */
    struct server server;
    struct service_manager_sockets sockets;
    struct watchdog *watchdog; /* NULL: no manager watches */
    struct descriptor_shares descriptors;
    struct rpc_program program;
    struct transport *transport;
    struct settings *settings;
    struct exports *exports;
    struct reload reload;
    struct export_control export_control;
    struct admin_options *admin_options;
    struct http_tls *admin_tls; /* until the endpoint is opened with it */
    struct admin admin;
    struct chores chores;
    struct clock_watch clock;
    struct kerberos kerberos;
    struct identities identities;
    struct event_feed *events;
    struct recall *recall;          /* recalls of delegations */
    struct callback_notify *notify; /* notices to their holders */
    bool machine;                   /* files of this machine are exported */
    int state_dir;
    char instance[INSTANCE_ID_CHARS + 1];
};

static void blocking_begin(bool surely)
{
    if (surely)
        worker_will_block();
    else
        worker_may_block();
}

static void tell_shortage(void *state)
{
    state_report_shortage(state);
}

static bool make_exports(struct daemon *d)
{
    struct exports_config config = {
        .state = d->server.state,
        .state_dir = d->config.state_dir,
        .state_fd = d->state_dir,
        .descriptors = d->descriptors.files,
        .descriptors_spare = d->descriptors.spare,
        .machine = geteuid() != 0 || d->machine,
    };
    char error[512];

    vfs_shortage_hook = (struct vfs_shortage_hook){tell_shortage, d->server.state};
    config.table = d->server.exports = export_table_create();
    backend_check_lease_break(d->config.exports, d->config.export_count, d->server.lease_s);
    d->exports = exports_open(&config, &d->config, error, sizeof(error));
    d->reload.settings = d->settings;
    d->reload.exports = d->exports;
    d->reload.admin = &d->admin;
    if (!d->exports)
        console_error("%s", error);
    else if (d->config.export_count == 0)
        log_info("daemon.no_exports", LOG_STR("file", d->config.file));
    return d->exports != NULL;
}

static struct recovery *make_recovery(struct daemon *d)
{
    struct recovery_config config = {.dir = d->state_dir, .lease_s = d->server.lease_s};
    struct setting_values now;
    struct recovery *recovery;
    char error[256];

    settings_get(d->settings, &now);
    config.grace_s = now.of[SETTING_GRACE_S].number;
    recovery = recovery_open(&config, clock_now_ns(), error, sizeof(error));
    if (!recovery)
        state_dir_complain(&d->config, error);
    return recovery;
}

/* EXIT_USAGE if the options contradict what is stored. */
static int make_settings(struct daemon *d)
{
    bool wrong_options;

    d->state_dir = state_dir_open(&d->config);
    if (d->state_dir < 0 || !state_dir_instance_id(&d->config, d->state_dir, d->instance))
        return EXIT_FAILED;
    d->settings = setting_effect_open(d->state_dir, &d->config, &d->server, &wrong_options);
    if (d->settings)
        return 0;
    return wrong_options ? EXIT_USAGE : EXIT_FAILED;
}

static bool make_state(struct daemon *d)
{
    struct state_config config = {.lease_s = d->server.lease_s, .server_owner = d->instance};

    config.recovery = make_recovery(d);
    if (!config.recovery)
        return false;
    d->server.state = state_create(&config);
    d->server.dial_out = dial_out_create(NULL);
    d->server.callback = callback_create(d->server.state, d->server.dial_out);
    d->recall = recall_create(d->server.callback, d->server.state);
    d->notify = callback_notify_create(d->server.callback);
    callback_notify_set_hook(
        d->notify,
        &(struct callback_notify_hook){.attributes = attr_notice_encode, .context = &d->server});
    recall_any_start(d->server.callback);
    recall_slot_start(d->server.callback);
    lock_notice_hook(d->server.state, &(struct lock_notice_hook){.tell = notify_lock_tell,
                                                                 .context = d->server.callback});
    state_hook_gone(d->server.state, &(struct state_gone_hook){.gone = dial_client_gone,
                                                               .context = d->server.dial_out});
    delegation_lease_start(d->server.state);
    delegation_watch_start(d->server.state);
    setting_effect_start(d->settings, &d->server);
    nfs4_start(&d->server);
    return true;
}

static bool make_kerberos(struct daemon *d)
{
    if (kerberos_open(&d->kerberos, &d->config, d->server.identities)) {
        callback_set_gss(d->server.callback, d->kerberos.gss.table);
        return true;
    }
    console_error("cannot prepare for Kerberos: %s", strerror(ENOMEM));
    return false;
}

static bool make_identities(struct daemon *d)
{
    d->reload.identities = &d->identities;
    return identities_open(&d->identities, &d->server, &d->config);
}

static bool make_transport(struct daemon *d)
{
    struct transport_config config = {
        .loops = d->config.threads,
        .programs = &d->program,
        .program_count = 1,
        .reply = callback_reply,
        .reply_context = d->server.callback,
        .gss = &d->kerberos.gss,
        .spin_us = d->config.spin_us,
        .connections_max = d->descriptors.connections,
        .dialled_max = d->descriptors.dialled,
    };

    d->program = (struct rpc_program){
        .program = NFS4_PROGRAM,
        .version_low = NFS_V4,
        .version_high = NFS_V4,
        .dispatch = nfs4_dispatch,
        .context = &d->server,
        .closed = nfs4_closed,
        .resume = nfs4_resume,
    };
    d->transport = transport_create(&config);
    if (!d->transport) {
        console_error("cannot create event loops: %s", strerror(errno));
        return false;
    }
    d->server.transport = d->transport;
    d->reload.transport = d->transport;
    setting_effect_transport(d->settings, d->transport);
    if (!tls_setup_start(&d->config, d->transport, &d->admin_tls))
        return false;
    export_reach_tell(&d->config, d->kerberos.credential);
    dial_out_start(d->server.dial_out, d->transport);
    return true;
}

static bool open_admin(struct daemon *d)
{
    struct endpoint endpoint = {
        .server = &d->server,
        .transport = d->transport,
        .settings = d->settings,
        .exports = &d->export_control,
        .commit = build_record.commit,
        .started = clock_realtime(),
        .started_ns = clock_boot_ns(),
    };
    bool opened;

    endpoint.events = d->events = event_feed_create();
    d->export_control = reload_control(&d->reload);
    d->chores = (struct chores){.reload = &d->reload, .admin = &d->admin};
    opened = admin_open(&d->admin, d->admin_options, &endpoint, d->admin_tls);
    http_tls_put(d->admin_tls);
    d->admin_tls = NULL;
    return opened;
}

static bool share_descriptors(struct daemon *d)
{
    const struct config *config = &d->config;
    const struct descriptor_needs needs = {
        .limit = config->descriptors,
        .exports = backend_keeping_files(config->exports, config->export_count),
        .listeners = listening_count(config, &d->sockets),
        .loops = config->threads,
        .admin = d->admin_options->count,
    };

    return descriptor_shares_init(&needs, &d->descriptors);
}

static bool reduce_privileges(struct daemon *d)
{
    const struct privilege_needs needs = {
        .low_port = listening_is_privileged(&d->config, &d->sockets),
        .machine = exports_serve_machine(&d->config),
        .labels = exports_set_labels(&d->config),
        .watches = exports_watch_changes(&d->config),
    };

    listening_foresee(&d->config, &d->sockets);
    d->machine = needs.machine;
    return privilege_reduce(&needs);
}

/* Blocked in all threads; the main thread waits for these signals. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, set, NULL) == 0);
    CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* a write beyond `ulimit -f` fails instead */
}

/* When memory is short, shed the state of clients that have been silent longest. */
static void memory_tick(struct state *state)
{
    if (memory_is_short())
        state_report_shortage(state);
}

/* Each malloc arena reserves 64 MiB of address space: too much if that is limited. */
static void share_heap(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        mallopt(M_ARENA_MAX, 1);
}

/* Was it told to drain, and has no client a connection any more, or is the time over? */
static bool is_drained(struct daemon *d)
{
    const struct endpoint *endpoint = &d->admin.endpoint;
    struct transport_stats stats;

    if (atomic_load_explicit(&endpoint->phase, memory_order_acquire) != ENDPOINT_DRAINING)
        return false;
    transport_stats_read(d->transport, &stats);
    return stats.connections <= stats.dialled_connections ||
           clock_now_ns() >= atomic_load_explicit(&endpoint->drained_ns, memory_order_relaxed);
}

/* Sets `cause` to the signal that ends the server; without a signal if it has drained. */
static void wait_for_end(struct daemon *d, const sigset_t *signals, siginfo_t *cause)
{
    const struct timespec tick = {.tv_sec = 1};

    for (;;) {
        int sig = sigtimedwait(signals, cause, &tick);

        if (sig == SIGTERM || sig == SIGINT)
            return;
        if (is_drained(d)) {
            *cause = (siginfo_t){.si_signo = 0};
            return;
        }
        service_manager_tick();
        clock_watch_tick(&d->clock);
        chores_run(&d->chores, sig == SIGHUP);
        if (sig == SIGUSR1)
            stats_log(&d->server, d->transport);
        state_beat(d->server.state, clock_now_ns());
        memory_tick(d->server.state);
        state_tick(d->server.state, clock_now_ns());
        nfs4_tick(&d->server, clock_now_ns());
        dial_out_tick(d->server.dial_out, clock_now_ns());
        callback_tick(d->server.callback, clock_now_ns());
        recall_tick(d->recall, clock_now_ns());
        callback_notify_tick(d->notify, clock_now_ns());
        transport_tick(d->transport, clock_now_ns());
        kerberos_tick(&d->kerberos, clock_now_ns());
        identity_cache_reload(d->server.identities, false);
    }
}

static bool listen_to(struct daemon *d)
{
    if (!listening_open(d->transport, &d->config, &d->sockets))
        return false;
    listening_addresses(d->transport, listening_count(&d->config, &d->sockets),
                        d->sockets.count > 0, &d->reload.at);
    return true;
}

static struct start_report report_of(const struct daemon *d)
{
    return (struct start_report){
        .config = &d->config,
        .transport = d->transport,
        .listeners = listening_count(&d->config, &d->sockets),
        .given = d->sockets.count > 0,
        .connections = d->descriptors.connections,
    };
}

static int serve(struct daemon *d)
{
    struct start_report report;
    sigset_t signals;
    siginfo_t cause;
    bool copied;
    int err;

    backend_block_signals();
    block_signals(&signals);
    tls_setup_prepare(&d->config);
    if (!service_manager_take_sockets(&d->sockets) || !share_descriptors(d) ||
        !reduce_privileges(d))
        return EXIT_FAILED;
    share_heap();
    if (!log_start((size_t)d->config.log_queue_kib << 10)) {
        console_error("cannot start the log thread: %s", strerror(errno));
        return EXIT_FAILED;
    }
    umask(0); /* clients choose the modes */
    vfs_blocking_hooks = (struct vfs_blocking_hooks){blocking_begin, worker_unblock};
    err = make_settings(d);
    if (err != 0)
        return err;
    if (!make_identities(d) || !make_state(d) || !make_exports(d) || !make_kerberos(d) ||
        !make_transport(d) || !listen_to(d) || !open_admin(d))
        return EXIT_FAILED;
    err = transport_start(d->transport);
    if (err != 0) {
        console_error("cannot start threads: %s", strerror(-err));
        return EXIT_FAILED;
    }
    if (!watchdog_start(&d->watchdog, d->transport)) {
        console_error("cannot start the watchdog's thread: %s", strerror(errno));
        return EXIT_FAILED;
    }
    recovery_listening(d->server.state->recovery, clock_now_ns());
    state_beat(d->server.state, clock_now_ns());
    admin_set_phase(&d->admin, ENDPOINT_SERVING);
    report = report_of(d);
    start_report_make(&report, d->exports, d->settings);
    listening_tell(d->transport, listening_count(&d->config, &d->sockets));
    wait_for_end(d, &signals, &cause);
    service_manager_tell("STOPPING=1");
    watchdog_stop(d->watchdog);
    d->watchdog = NULL;
    shutdown_log(&cause, &d->server, d->transport);
    admin_set_phase(&d->admin, ENDPOINT_ENDING); /* the streams of events end after that line */
    copied = copies_stop(d->server.copies);
    callback_notify_stop(d->notify);
    callback_stop(d->server.callback);
    dial_out_stop(d->server.dial_out);
    if (!transport_drain_stop(d->transport, DRAIN_MS) || !admin_stop(&d->admin) || !copied) {
        log_error("daemon.drain", LOG_STR("error", "a request has not ended"));
        log_flush(); /* threads that still run may log */
        _exit(EXIT_FAILED);
    }
    service_manager_tick();
    return 0;
}

static void tear_down(void *context)
{
    struct daemon *d = context;

    http_tls_put(d->admin_tls);
    callback_notify_stop(d->notify);
    callback_stop(d->server.callback);
    dial_out_stop(d->server.dial_out);
    transport_destroy(d->transport);
    kerberos_close(&d->kerberos);
    nfs4_stop(&d->server);
    errand_place("a file that a client had delegated");
    delegation_lease_stop();
    delegation_watch_stop();
    vfs_shortage_hook = (struct vfs_shortage_hook){0};
    recall_stop(d->recall);
    errand_place("a file that a client had open");
    if (d->server.state)
        state_destroy(d->server.state);
    errand_place(NULL);
    recall_destroy(d->recall);
    callback_notify_destroy(d->notify);
    callback_destroy(d->server.callback);
    dial_out_destroy(d->server.dial_out);
    exports_close(d->exports);
    if (d->server.exports)
        export_table_destroy(d->server.exports);
    identities_close(&d->identities);
    settings_close(d->settings);
    event_feed_destroy(d->events); /* nobody else logs any more */
    if (d->state_dir >= 0)
        close(d->state_dir);
}

/* A thread waits for a file system, and uses what is torn down: the process ends with everything in
 * place.  What has to last is on disk already, as before a crash. */
static void await_errands(uint32_t idle_s, int result)
{
    char places[256];

    if (errands_end(idle_s, LIMIT_ERRANDS_END_ALL_S))
        return;
    errand_places(NULL, places, sizeof(places));
    log_warn("daemon.unanswered", LOG_STR("waits_for", places));
    log_flush();
    _exit(result);
}

/* Closing files and ending the threads of exports may wait for a file system, too. */
static void end(struct daemon *d, int result)
{
    const struct errand_work work = {.run = tear_down, .context = d, .wake_fd = ERRAND_NO_WAKE};
    struct errand *errand;

    CHECK(admin_stop(&d->admin));
    chores_stop(&d->chores);
    await_errands(LIMIT_ERRANDS_END_S, result);
    admin_close(&d->admin);
    errand = errand_start(&work, 1);
    if (!errand)
        tear_down(d);
    errand_put(errand);
    await_errands(LIMIT_ERRAND_S, result);
}

/* Perform a start as far as possible without writing anything.  Silent if all is well. */
static int check_only(struct daemon *d)
{
    const struct transport_config config = {.loops = 1};
    struct start_report report;
    bool wrong_options, good;

    if (d->config.log_level > LOG_LEVEL_WARN)
        log_set_level(LOG_LEVEL_WARN);
    if (!share_descriptors(d) || !reduce_privileges(d))
        return EXIT_FAILED;
    good = preflight_run(&d->config, &wrong_options);
    good &= admin_tokens_check(d->admin_options);
    if (!good)
        return wrong_options ? EXIT_USAGE : EXIT_FAILED;
    if (!admin_preflight(d->admin_options))
        return EXIT_FAILED;
    d->transport = transport_create(&config);
    if (!d->transport || !listening_open(d->transport, &d->config, &d->sockets))
        return EXIT_FAILED;
    report = report_of(d);
    start_report_check(&report);
    transport_destroy(d->transport);
    return 0;
}

static int check_backends(const struct config *config)
{
    char error[512];

    for (uint32_t i = 0; i < config->export_count; i++) {
        if (!backend_check(&config->exports[i], error, sizeof(error))) {
            console_error("%s", error);
            return EXIT_USAGE;
        }
    }
    return 0;
}

static int run(struct daemon *d, bool only_check)
{
    int result = check_backends(&d->config);

    if (result == 0 && !identities_check(&d->config))
        result = EXIT_USAGE;
    if (result != 0)
        return result;
    if (only_check)
        return check_only(d);
    result = serve(d);
    end(d, result);
    log_stop();
    return result;
}

int main(int argc, char **argv)
{
    static struct daemon daemon = {.state_dir = -1};
    struct options options;
    enum options_result parsed;
    int result;

    tls_memory_init(); /* before anything uses OpenSSL */
    log_set_priorities(journal_reads_stderr());
    CHECK(sodium_init() >= 0); /* for tokens, which the configuration names */
    parsed = options_parse(&options, argc, argv);
    if (parsed == OPTIONS_RUN && options.config_file)
        daemon.options = config_copy(options.config);
    if (parsed == OPTIONS_RUN && !configuration_make(&options, &daemon.config))
        parsed = OPTIONS_WRONG;
    if (parsed != OPTIONS_RUN) {
        config_destroy(daemon.options);
        options_fini(&options);
        return parsed == OPTIONS_DONE ? 0 : EXIT_USAGE;
    }
    log_set_level(daemon.config.log_level);
    log_set_json(daemon.config.log_json);
    admin_options_fill(&daemon.config.admin, daemon.config.state_dir);
    daemon.admin_options = &daemon.config.admin;
    daemon.reload = (struct reload){
        .file = options.config_file, .options = daemon.options, .running = &daemon.config};
    result = run(&daemon, options.check_only);
    config_fini(&daemon.config);
    config_destroy(daemon.options);
    options_fini(&options);
    return result;
}
