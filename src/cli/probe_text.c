/* SPDX-License-Identifier: Apache-2.0 */
/* The report as text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/attribute_name.h"
#include "cli/probe_print.h"
#include "cli/probe_security.h"
#include "client/client_security.h"

#define LABEL_COLUMNS 26
#define TREE_COLUMNS 42
#define TEXT_COLUMNS 96

static void label(const char *text)
{
    printf("%-*s", LABEL_COLUMNS, text);
}

static void minors_print(const struct probe *probe)
{
    const char *separator = "";

    label("Minor versions");
    for (uint32_t i = 0; i < PROBE_MINORS; i++) {
        if (!probe->minors[i].offered)
            continue;
        printf("%s4.%" PRIu32, separator, i);
        separator = ", ";
    }
    for (uint32_t i = 0; i < PROBE_MINORS; i++) {
        const struct probe_minor *minor = &probe->minors[i];

        if (!minor->offered)
            printf("; not 4.%" PRIu32 " (%s)", i,
                   minor->answer == CLIENT_OK ? status_name(minor->status)
                                              : client_status_name(minor->answer));
    }
    printf("; what follows is of 4.%" PRIu32 "\n", probe->minor);
}

static void date_print(const struct nfstime4 *date)
{
    time_t seconds = date->seconds;
    char text[40];
    struct tm tm;

    if (seconds > 0 && gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%F", &tm) > 0)
        printf(", %s", text);
}

static void flags_print(uint32_t flags)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } known[] = {
        {EXCHGID4_FLAG_USE_NON_PNFS, "plain NFS"},
        {EXCHGID4_FLAG_USE_PNFS_MDS, "pNFS metadata"},
        {EXCHGID4_FLAG_USE_PNFS_DS, "pNFS data"},
        {EXCHGID4_FLAG_SUPP_MOVED_REFER, "referrals"},
        {EXCHGID4_FLAG_SUPP_MOVED_MIGR, "migration"},
        {EXCHGID4_FLAG_BIND_PRINC_STATEID, "stateids bound to principals"},
    };
    const char *separator = "";

    label("Roles");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!(flags & known[i].bit))
            continue;
        printf("%s%s", separator, known[i].text);
        separator = ", ";
    }
    printf("%s\n", *separator ? "" : "none told");
}

static void server_print(const struct probe_server *server)
{
    label("Server owner");
    printf("%s, minor %" PRIu64 "\n", server->owner_major, server->owner_minor);
    label("Server scope");
    printf("%s\n", server->scope);
    label("Implementation");
    if (server->has_implementation) {
        printf("%s (%s)", server->name, server->domain);
        date_print(&server->date);
        putchar('\n');
    } else {
        puts("not told");
    }
    flags_print(server->flags);
}

static void limit_print(const char *text, const char *unit, uint32_t fore, uint32_t back)
{
    char cells[2][32];

    (void)snprintf(cells[0], sizeof(cells[0]), "%" PRIu32 "%s", fore, unit);
    (void)snprintf(cells[1], sizeof(cells[1]), "%" PRIu32 "%s", back, unit);
    printf("  %-*s%-18s%s\n", LABEL_COLUMNS - 2, text, cells[0], cells[1]);
}

static void session_print(const struct client_session *s)
{
    label("Session");
    printf("%s, %s\n", s->flags & CREATE_SESSION4_FLAG_PERSIST ? "persistent" : "not persistent",
           s->flags & CREATE_SESSION4_FLAG_CONN_BACK_CHAN ? "callbacks on the same connection"
                                                          : "no callbacks on the connection");
    label("  granted");
    printf("%-18s%s\n", "requests", "callbacks");
    limit_print("slots", "", s->fore.ca_maxrequests, s->back.ca_maxrequests);
    limit_print("operations", "", s->fore.ca_maxoperations, s->back.ca_maxoperations);
    limit_print("request", " bytes", s->fore.ca_maxrequestsize, s->back.ca_maxrequestsize);
    limit_print("reply", " bytes", s->fore.ca_maxresponsesize, s->back.ca_maxresponsesize);
    limit_print("cached reply", " bytes", s->fore.ca_maxresponsesize_cached,
                s->back.ca_maxresponsesize_cached);
    label("  highest slot");
    printf("%" PRIu32 ", the server aims at %" PRIu32 "\n", s->highest_slot,
           s->target_highest_slot);
}

static void security_print(const struct probe *probe)
{
    const struct client_security *security = probe->cred.security;
    const struct probe_tls *tls = &probe->tls;
    time_t until = (time_t)tls->not_after;
    char day[40];
    struct tm tm;

    label("Security");
    printf("%s; ", client_sec_name(security ? security->sec : CLIENT_SEC_SYS));
    if (!tls->used) {
        printf("no TLS, which the server %s\n", tls->offered ? "offers" : "does not offer");
        return;
    }
    printf("%s, %s\n", tls->version, tls->suite);
    label("Certificate");
    printf("%s; names: %s", tls->subject, *tls->names ? tls->names : "none");
    if (gmtime_r(&until, &tm) && strftime(day, sizeof(day), "%F", &tm) > 0)
        printf("; until %s", day);
    putchar('\n');
}

/* Spaces up to the column where the details of a directory begin. */
static int padding(int indent, const char *path)
{
    size_t used = (size_t)indent + strlen(path);

    return used < TREE_COLUMNS ? TREE_COLUMNS - (int)used : 2;
}

static void flavors_print(const struct probe_directory *dir, int space)
{
    printf("%*ssec=", space, "");
    for (uint32_t i = 0; i < dir->flavor_count; i++) {
        char number[PROBE_FLAVOR_BYTES];

        printf("%s%s", i > 0 ? ":" : "", probe_security_name(&dir->flavors[i], number));
    }
}

/* Which options help with WRONGSEC?  If the flavor of the calls is listed, a better connection. */
static void advice_print(const struct probe *probe, const struct probe_directory *dir)
{
    const struct client_security *security = probe->cred.security;
    const char *used = client_sec_name(security ? security->sec : CLIENT_SEC_SYS);
    char number[PROBE_FLAVOR_BYTES];

    if (dir->status != NFS4ERR_WRONGSEC || dir->flavor_count == 0)
        return;
    for (uint32_t i = 0; i < dir->flavor_count; i++)
        if (strcmp(probe_security_name(&dir->flavors[i], number), used) == 0) {
            printf(": try %s", probe->tls.used
                                   ? "--tls-cert with a certificate that the export takes"
                                   : "--tls, and --tls-cert if that is not enough");
            return;
        }
    printf(": try --sec %s", probe_security_name(&dir->flavors[0], number));
}

/* Print a directory and what is shown below it; recursion ends at PROBE_DEPTH_MAX. */
static void directory_print(const struct probe *probe, uint32_t index)
{
    const struct probe_tree *tree = &probe->tree;
    const struct probe_directory *dir = &tree->directories[index];
    int indent = 2 + 2 * (int)dir->depth;

    printf("%*s%s", indent, "", dir->path);
    if (dir->file_system)
        printf("%*sfsid %" PRIu64 ":%" PRIu64, padding(indent, dir->path), "", dir->fsid.major,
               dir->fsid.minor);
    if (dir->flavor_count > 0)
        flavors_print(dir, dir->file_system ? 2 : padding(indent, dir->path));
    if (dir->status != NFS4_OK)
        printf("%*s%s", dir->file_system || dir->flavor_count ? 2 : padding(indent, dir->path), "",
               status_name(dir->status));
    advice_print(probe, dir);
    putchar('\n');
    for (uint32_t i = index + 1; i < tree->count; i++)
        if (tree->directories[i].parent == index && tree->directories[i].shown)
            directory_print(probe, i);
}

/* Print attribute names, wrapped; those in `without` are left out. */
static void attributes_print(const char *prefix, const struct bitmap4 *map,
                             const struct bitmap4 *without)
{
    int column = 0;

    for (uint32_t i = 0; i < ATTRIBUTES; i++) {
        char number[16];
        const char *name = attribute_name(i);

        if (!bitmap4_isset(map, i) || (without && bitmap4_isset(without, i)))
            continue;
        (void)snprintf(number, sizeof(number), "%" PRIu32, i);
        name = name ? name : number;
        if (column > 0 && column + 1 + (int)strlen(name) > TEXT_COLUMNS) {
            putchar('\n');
            column = 0;
        }
        column += printf("%s%s%s", column == 0 ? "  " : " ", prefix, name);
    }
    if (column > 0)
        putchar('\n');
}

static uint32_t bits_count(const struct bitmap4 *map)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ATTRIBUTES; i++)
        count += bitmap4_isset(map, i);
    return count;
}

static void tree_attributes_print(const struct probe_tree *tree)
{
    const struct bitmap4 *root = &tree->directories[0].supported;

    printf("Attributes supported in / (%" PRIu32 ")\n", bits_count(root));
    attributes_print("", root, NULL);
    for (uint32_t i = 1; i < tree->count; i++) {
        const struct probe_directory *dir = &tree->directories[i];

        if (!dir->file_system ||
            memcmp(dir->supported.words, root->words, sizeof(root->words)) == 0)
            continue;
        printf("Attributes supported in %s (%" PRIu32 "): those of /, but\n", dir->path,
               bits_count(&dir->supported));
        attributes_print("+", &dir->supported, root);
        attributes_print("-", root, &dir->supported);
    }
}

void probe_print_text(const struct probe *probe)
{
    label("Server");
    printf("%s\n", probe->target);
    minors_print(probe);
    security_print(probe);
    if (probe->minor > 0)
        server_print(&probe->server);
    label("Lease time");
    printf("%" PRIu32 " s\n", probe->tree.lease_time_s);
    if (probe->minor > 0)
        session_print(&probe->session);
    puts("File systems");
    directory_print(probe, 0);
    if (probe->tree.truncated)
        puts("  ... and perhaps more: there is too much to look at it all");
    tree_attributes_print(&probe->tree);
}
