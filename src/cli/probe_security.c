/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/probe_security.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/printable.h"
#include "cli/probe_call.h"
#include "cli/probe_error.h"
#include "client/client_security.h"

static char *text_copy(const char *text)
{
    return printable_text(text);
}

/* On a connection of its own, which then ends. */
static bool tls_ask(struct probe *probe)
{
    struct client_conn conn;
    enum client_status answer = client_conn_open(&conn, probe->target, PROBE_TIMEOUT_MS);

    if (answer != CLIENT_OK)
        return probe_fail(probe, "connect", answer, NFS4_OK);
    (void)!client_tls_probe(&conn, NULL, 0, &probe->tls.offered);
    client_conn_close(&conn);
    return true;
}

bool probe_security_tls(struct probe *probe)
{
    const struct client_tls_facts *facts = client_tls_facts(&probe->conn);
    struct probe_tls *tls = &probe->tls;

    if (!facts)
        return tls_ask(probe);
    tls->offered = tls->used = true;
    tls->version = text_copy(facts->version);
    tls->suite = text_copy(facts->suite);
    tls->subject = text_copy(facts->subject);
    tls->names = text_copy(facts->names);
    tls->not_after = facts->not_after;
    return true;
}

/* 1.2.840.113554.1.2.2, as it is encoded. */
static bool oid_is_kerberos(const struct wire_opaque *oid)
{
    static const uint8_t kerberos[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02};

    return oid->len == sizeof(kerberos) && memcmp(oid->data, kerberos, sizeof(kerberos)) == 0;
}

static void flavors_fill(struct probe_directory *dir, const struct SECINFO4resok *ok)
{
    for (uint32_t i = 0; i < ok->flavors_count && i < PROBE_FLAVORS; i++) {
        const struct secinfo4 *info = &ok->flavors[i];
        struct probe_flavor *flavor = &dir->flavors[dir->flavor_count++];

        flavor->number = info->flavor;
        if (info->flavor != RPCSEC_GSS)
            continue;
        flavor->service = info->flavor_info.service;
        flavor->kerberos = oid_is_kerberos(&info->flavor_info.oid);
    }
}

void probe_security_fini(struct probe_tls *tls)
{
    free(tls->version);
    free(tls->suite);
    free(tls->subject);
    free(tls->names);
}

bool probe_security_flavors(struct probe *probe, const struct client_fh *parent,
                            const struct wire_opaque *name, struct probe_directory *dir)
{
    const struct nfs_resop4 *op;
    struct client_compound c;
    struct client_result r;

    dir->flavor_count = 0;
    if (!parent && probe->minor == 0)
        return true;
    probe_call_begin(probe, &c);
    if (parent) {
        client_op_putfh(&c, parent);
        client_compound_add(&c, &(struct nfs_argop4){.argop = OP_SECINFO, .opsecinfo = {*name}});
    } else {
        client_op_putrootfh(&c);
        client_compound_add(&c,
                            &(struct nfs_argop4){.argop = OP_SECINFO_NO_NAME,
                                                 .opsecinfo_no_name = {SECINFO_STYLE4_CURRENT_FH}});
    }
    if (!probe_call(probe, &c, &r))
        return false;
    op = client_result_lookup(&r, parent ? OP_SECINFO : OP_SECINFO_NO_NAME);
    if (op && op->status == NFS4_OK)
        flavors_fill(dir, parent ? &op->opsecinfo : &op->opsecinfo_no_name);
    client_result_free(&r);
    return true;
}

const char *probe_security_name(const struct probe_flavor *flavor, char number[PROBE_FLAVOR_BYTES])
{
    if (flavor->number == AUTH_NONE)
        return "none";
    if (flavor->number == AUTH_SYS)
        return "sys";
    if (flavor->kerberos && flavor->service == RPC_GSS_SVC_NONE)
        return "krb5";
    if (flavor->kerberos && flavor->service == RPC_GSS_SVC_INTEGRITY)
        return "krb5i";
    if (flavor->kerberos && flavor->service == RPC_GSS_SVC_PRIVACY)
        return "krb5p";
    (void)snprintf(number, PROBE_FLAVOR_BYTES, "flavor-%u", flavor->number);
    return number;
}
