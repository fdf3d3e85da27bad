/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/back_choice.h"

#include "callback/back_link.h"
#include "state/session/session_back.h"
#include "transport/connection.h"

static void choice_add(void *transport, void *arg)
{
    struct connection *conn = transport;
    struct back_choice *choice = arg;
    int64_t activity_ns = connection_activity_ns(conn);
    struct back_link *link;
    uint32_t at;

    if (!connection_is_open(conn) || choice->count == LIMIT_SESSION_CONNECTIONS)
        return;
    link = back_link_of(conn);
    if (!link)
        return;
    for (at = choice->count++; at > 0 && choice->of[at - 1].activity_ns < activity_ns; at--)
        choice->of[at] = choice->of[at - 1];
    choice->of[at].link = link;
    choice->of[at].activity_ns = activity_ns;
}

void back_choice_make(struct back_choice *choice, struct session *session)
{
    choice->count = 0;
    session_back_visit(session, choice_add, choice);
}

void back_choice_drop(struct back_choice *choice)
{
    for (uint32_t i = 0; i < choice->count; i++) {
        if (choice->of[i].link)
            back_link_put(choice->of[i].link);
    }
}
