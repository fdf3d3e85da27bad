/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server declares: its minor versions, and the results of EXCHANGE_ID and CREATE_SESSION.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/printable.h"
#include "cli/probe_error.h"
#include "cli/probe_server.h"
#include "client/client_security.h"

/* More than any server should grant, so that its limits show. */
#define ASK_BYTES (8u << 20)
#define ASK_CACHED_BYTES (1u << 20)
#define ASK_OPS 1024u
#define ASK_BACK_BYTES (1u << 20)
#define ASK_BACK_SLOTS 256u

/* Only NFS4ERR_MINOR_VERS_MISMATCH means that a minor version is not supported: in 4.1 and 4.2 the
 * usual reply to PUTROOTFH without SEQUENCE is NFS4ERR_OP_NOT_IN_SESSION (RFC 8881 §16.2.3). */
static void minor_ask(struct client_conn *conn, uint32_t version, struct probe_minor *minor)
{
    struct client_compound c;
    struct client_result r;

    client_compound_begin(&c, client_text("probe"), version);
    client_op_putrootfh(&c);
    minor->answer = client_compound_call(conn, &c, &r);
    if (minor->answer == CLIENT_OK) {
        minor->status = r.status;
        minor->offered = r.status != NFS4ERR_MINOR_VERS_MISMATCH;
    }
    minor->denied = minor->answer == CLIENT_REJECTED && r.reply.header.stat == MSG_DENIED &&
                    r.reply.header.reject_stat == REJECT_AUTH_ERROR;
    if (minor->answer == CLIENT_OK || minor->answer == CLIENT_REJECTED)
        client_result_free(&r);
    client_compound_free(&c);
}

static bool none_answered(struct probe *probe, enum client_status last)
{
    for (uint32_t i = 0; i < PROBE_MINORS; i++) {
        if (!probe->minors[i].denied)
            continue;
        (void)snprintf(
            probe->error, sizeof(probe->error),
            "the server denies all calls: it has no export for this host, or only for "
            "ports below 1024 (run the probe as root), or wants another security flavor (--sec) or "
            "TLS (--tls)");
        return false;
    }
    return probe_fail(probe, "no answer of an NFSv4 server", last, NFS4_OK);
}

bool probe_minors(struct probe *probe)
{
    enum client_status last = CLIENT_OK;
    uint32_t answered = 0;

    for (uint32_t i = 0; i < PROBE_MINORS; i++) {
        struct client_conn conn;

        last = client_conn_open(&conn, probe->target, PROBE_TIMEOUT_MS);
        if (last != CLIENT_OK)
            return probe_fail(probe, "connect", last, NFS4_OK);
        conn.cred = probe->cred;
        last = client_security_begin(&conn, probe->target, probe->cred.security);
        if (last != CLIENT_OK) {
            client_conn_close(&conn);
            return probe_fail_secure(probe, &conn, last);
        }
        minor_ask(&conn, i, &probe->minors[i]);
        client_security_end(&conn);
        client_conn_close(&conn);
        last = probe->minors[i].answer;
        if (last != CLIENT_OK && *conn.why)
            return probe_fail_secure(probe, &conn, last);
        answered += last == CLIENT_OK;
        if (last == CLIENT_TIMEOUT && answered == 0)
            break; /* it will not answer the others either, and the user waits */
    }
    return answered > 0 || none_answered(probe, last);
}

static void server_fill(struct probe_server *server, const struct EXCHANGE_ID4resok *ok)
{
    server->owner_major = printable_opaque(&ok->eir_server_owner.so_major_id);
    server->owner_minor = ok->eir_server_owner.so_minor_id;
    server->scope = printable_opaque(&ok->eir_server_scope);
    server->flags = ok->eir_flags;
    if (ok->eir_server_impl_id_count > 0) {
        server->has_implementation = true;
        server->domain = printable_name(&ok->eir_server_impl_id[0].nii_domain);
        server->name = printable_name(&ok->eir_server_impl_id[0].nii_name);
        server->date = ok->eir_server_impl_id[0].nii_date;
    }
}

/* Like EXCHANGE_ID of the client library, but the whole result is needed. */
static bool exchange_id(struct probe *probe)
{
    struct nfs_argop4 op = {.argop = OP_EXCHANGE_ID};
    struct client_compound c;
    struct client_result r;
    const struct nfs_resop4 *res;
    enum client_status answer;
    bool ok;

    memcpy(op.opexchange_id.eia_clientowner.co_verifier, probe->wish.verifier, NFS4_VERIFIER_SIZE);
    op.opexchange_id.eia_clientowner.co_ownerid = client_text(probe->wish.owner);
    op.opexchange_id.eia_state_protect.spa_how = SP4_NONE;
    probe->session.minor = probe->minor;
    client_compound_begin(&c, client_text("probe"), probe->minor);
    client_compound_add(&c, &op);
    answer = client_compound_call(&probe->conn, &c, &r);
    client_compound_free(&c);
    res = answer == CLIENT_OK ? client_result_lookup(&r, OP_EXCHANGE_ID) : NULL;
    ok = res && res->status == NFS4_OK;
    if (ok) {
        probe->session.clientid = res->opexchange_id.eir_clientid;
        probe->session.create_seqid = res->opexchange_id.eir_sequenceid;
        server_fill(&probe->server, &res->opexchange_id);
    } else {
        probe_fail(probe, "EXCHANGE_ID", answer, answer == CLIENT_OK ? r.status : NFS4_OK);
    }
    if (answer == CLIENT_OK || answer == CLIENT_REJECTED)
        client_result_free(&r);
    return ok;
}

bool probe_session_begin(struct probe *probe)
{
    struct client_session_wish *wish = &probe->wish;
    enum nfsstat4 status;
    enum client_status answer;

    *wish = client_session_wish_default(NULL);
    wish->minor = probe->minor;
    wish->flags |= CREATE_SESSION4_FLAG_PERSIST;
    wish->fore = (struct channel_attrs4){.ca_maxrequestsize = ASK_BYTES,
                                         .ca_maxresponsesize = ASK_BYTES,
                                         .ca_maxresponsesize_cached = ASK_CACHED_BYTES,
                                         .ca_maxoperations = ASK_OPS,
                                         .ca_maxrequests = CLIENT_SLOTS};
    wish->back = (struct channel_attrs4){.ca_maxrequestsize = ASK_BACK_BYTES,
                                         .ca_maxresponsesize = ASK_BACK_BYTES,
                                         .ca_maxresponsesize_cached = ASK_BACK_BYTES,
                                         .ca_maxoperations = ASK_OPS,
                                         .ca_maxrequests = ASK_BACK_SLOTS};
    if (!exchange_id(probe))
        return false;
    answer = client_session_create(&probe->conn, wish, &probe->session, &status);
    if (answer != CLIENT_OK || status != NFS4_OK)
        return probe_fail(probe, "CREATE_SESSION", answer, status);
    if (probe->session.slot_count == 0)
        return probe_fail(probe, "CREATE_SESSION granted no slot", CLIENT_MALFORMED, NFS4_OK);
    answer = client_session_renew(&probe->conn, &probe->session, 0, &status);
    if (answer != CLIENT_OK || status != NFS4_OK)
        return probe_fail(probe, "SEQUENCE", answer, status);
    return true;
}

void probe_session_end(struct probe *probe)
{
    struct client_session *session = &probe->session;
    enum client_status answer = CLIENT_OK;
    enum nfsstat4 status;

    /* Errors are ignored: what remains expires with the lease. */
    if (session->slot_count > 0)
        answer = client_session_destroy(&probe->conn, session, &status);
    if (session->clientid && answer == CLIENT_OK)
        (void)!client_session_destroy_clientid(&probe->conn, session, &status);
    client_security_end(&probe->conn);
    client_conn_close(&probe->conn);
}

void probe_server_fini(struct probe_server *server)
{
    free(server->owner_major);
    free(server->scope);
    free(server->domain);
    free(server->name);
}
