/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/state/v40/v40_fixture.h"

#include <string.h>

#include "base/clock.h"
#include "lib/test.h"
#include "state/v40/client_setclientid.h"

const struct client_caller v40_alice = CLIENT_CALLER_SYS(1000), v40_bob = CLIENT_CALLER_SYS(1001);

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

enum nfsstat4 v40_set(struct state *state, const char *owner, uint8_t verifier,
                      const struct client_caller *who, uint32_t ident,
                      struct client_setclientid *out)
{
    struct SETCLIENTID4args args = {
        .client = {.id = text(owner)},
        .callback = {.cb_program = 0x40000000,
                     .cb_location = {.na_r_netid = text("tcp"),
                                     .na_r_addr = text("127.0.0.1.8.1")}},
        .callback_ident = ident};

    memset(args.client.verifier, verifier, NFS4_VERIFIER_SIZE);
    return client_setclientid(state, who, NULL, &args, clock_now_ns(), out);
}

enum nfsstat4 v40_confirm(struct state *state, const struct client_setclientid *set,
                          const struct client_caller *who, struct client **client)
{
    struct SETCLIENTID_CONFIRM4args args = {.clientid = set->clientid};
    struct client *found;
    enum nfsstat4 status;

    memcpy(args.setclientid_confirm, set->confirm, NFS4_VERIFIER_SIZE);
    status = client_setclientid_confirm(state, who->principal, &args, clock_now_ns(), &found);
    if (client)
        *client = found;
    else if (found)
        client_put(found);
    return status;
}

struct client *v40_client(struct state *state, const char *owner, uint8_t verifier)
{
    struct client_setclientid set;
    struct client *client;

    assert_int_equal(v40_set(state, owner, verifier, &v40_alice, 1, &set), NFS4_OK);
    assert_int_equal(v40_confirm(state, &set, &v40_alice, &client), NFS4_OK);
    assert_non_null(client);
    return client;
}
