/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon_manual.h"

#include "base/check.h"
#include "base/man_page.h"

struct item {
    const char *term, *text;
};

static const struct item endings[] = {
    {"0", "The server ended as it was told to; or --check has found nothing."},
    {"1", "It could not start or go on; stderr says why."},
    {"2", "The options or the configuration file are wrong; nothing was started."},
};

static const struct item signals[] = {
    {"SIGTERM, SIGINT", "End: finish what has begun, and leave the state directory in order. "
                        "Clients reclaim what they had from the next server."},
    {"SIGHUP",
     "Read the configuration file and the file of tokens again, and put into effect what "
     "differs. mainstay reload also reads the configuration file, and shows the changes."},
    {"SIGUSR1", "Write all counters to the log."},
};

static const struct item files[] = {
    {"/var/lib/mainstay", "The state directory, stable storage of one server. Without root it is "
                          "$XDG_STATE_HOME/mainstay or ~/.local/state/mainstay."},
    {"admin.sock", "In the state directory: the socket of the admin endpoint."},
    {"settings.db, exports.db, recovery.db",
     "In the state directory: settings and exports that were changed while the server ran, and "
     "which clients may reclaim after a restart."},
};

static void items_print(FILE *out, const char *title, const struct item *items, size_t count)
{
    man_page_section(out, title);
    for (size_t i = 0; i < count; i++)
        man_page_item(out, items[i].term, items[i].text);
}

static void endpoint_print(FILE *out)
{
    man_page_section(out, "ADMIN ENDPOINT");
    man_page_paragraph(out,
                       "The server is shown and steered over HTTP. Its Unix socket, which "
                       "root and the user of the server may use, needs no token; an address "
                       "that --admin names needs one of the file of --admin-token. mainstay(1) "
                       "is the command for it. Programs use these paths:");
    man_page_item(out, "/api/v1/", "The REST interface; /api/v1/openapi.json describes it.");
    man_page_item(out, "/metrics", "Metrics for Prometheus.");
    man_page_item(out, "/healthz, /readyz", "Does the server live? Can clients be sent to it?");
}

void daemon_manual_print(FILE *out, const char *usage)
{
    static const char *const others[] = {"mainstay.conf(5)", "mainstay(1)", "mainstay-bench(1)",
                                         NULL};

    man_page_begin(out, "mainstayd", 8, "serve files over NFSv4");
    man_page_usage(out, usage);
    endpoint_print(out);
    items_print(out, "SIGNALS", signals, ARRAY_SIZE(signals));
    items_print(out, "EXIT STATUS", endings, ARRAY_SIZE(endings));
    items_print(out, "FILES", files, ARRAY_SIZE(files));
    man_page_section(out, "NOTES");
    man_page_paragraph(out, "If systemd starts the server with Type=notify, it is told when the "
                            "server is ready and when it ends; lines of the log have their "
                            "priority for the journal.");
    man_page_paragraph(out, "Sockets that systemd has opened for the server (Sockets=) take the "
                            "place of --listen; they stay open during a restart. With "
                            "WatchdogSec= the server is restarted when one of its event loops "
                            "does not turn.");
    man_page_see_also(out, others);
}
