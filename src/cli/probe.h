/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects what an NFSv4 server offers.  Changes nothing on the server; the client ID and the
 * session that 4.1 needs are destroyed again.
 *
 * All text here is printable (cli/printable.h) and owned by the probe.
 */
#pragma once

#include "client/client_op.h"
#include "client/client_session.h"

/* Bounds, so that a probe ends soon whatever the server replies. */
#define PROBE_TIMEOUT_MS 10000
#define PROBE_MINORS 3u
#define PROBE_DIRECTORIES_MAX 1024u /* visited */
#define PROBE_ENTRIES_MAX 4096u     /* read per directory */
#define PROBE_DEPTH_MAX 16u         /* below the root */
#define PROBE_DELAYS_MAX 20u        /* NFS4ERR_DELAY replies to one call */
#define PROBE_DELAY_MS 100u

/* A minor version. */
struct probe_minor {
    bool offered;
    bool denied;               /* by RPC: the caller or its address was refused */
    enum client_status answer; /* if not CLIENT_OK, there was no answer and `status` is not valid */
    enum nfsstat4 status;      /* of a COMPOUND with PUTROOTFH */
};

/* Result of EXCHANGE_ID. */
struct probe_server {
    char *owner_major, *scope;
    uint64_t owner_minor;
    uint32_t flags; /* eir_flags */
    bool has_implementation;
    char *domain, *name;
    struct nfstime4 date;
};

/* A security flavor that the server takes, RFC 5531 and RFC 2203. */
#define PROBE_FLAVORS 8u
struct probe_flavor {
    uint32_t number;
    uint32_t service; /* of RPCSEC_GSS */
    bool kerberos;    /* RPCSEC_GSS with Kerberos V5 */
};

struct probe_tls {
    bool offered, used;
    char *version, *suite; /* this and the rest: if it is used */
    char *subject, *names; /* of the server's certificate */
    int64_t not_after;
};

/* A directory of the name space. */
struct probe_directory {
    char *path;
    struct client_fh fh;
    struct fsid4 fsid;
    uint32_t parent, depth; /* the root is its own parent */
    bool file_system;       /* its fsid differs from its parent's */
    bool shown;             /* it or something below it is a file system, or could not be entered */
    enum nfsstat4 status;   /* of LOOKUP and READDIR */
    uint32_t flavor_count;  /* 0: not told */
    struct probe_flavor flavors[PROBE_FLAVORS]; /* in the server's order */
    struct bitmap4 supported;
};

/* directories[0] is the root; parents precede their children. */
struct probe_tree {
    struct probe_directory *directories; /* PROBE_DIRECTORIES_MAX */
    uint32_t count;
    uint32_t lease_time_s;
    bool truncated; /* a bound was reached */
};

struct probe {
    const char *target;
    struct client_cred cred;
    struct client_callbacks *callbacks;
    struct client_conn conn;
    struct probe_minor minors[PROBE_MINORS];
    uint32_t minor; /* the version used for the rest; 0: without `server` and `session` */
    struct probe_server server;
    struct client_session_wish wish;
    struct client_session session;
    struct probe_tree tree;
    struct probe_tls tls;
    char error[256];
};

/* Probe `target`, HOST:PORT, with the AUTH_SYS credentials `cred`.  On failure probe->error says
 * why.  Call probe_fini() in any case. */
MUST_USE bool probe_run(struct probe *probe, const char *target, const struct client_cred *cred);

void probe_fini(struct probe *probe);
