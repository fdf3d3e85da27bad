/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_kdc.h"

#include <krb5.h>
#include <stdio.h>
#include <string.h>

struct question {
    krb5_context krb5;
    krb5_keytab keys;
    krb5_principal service;
    struct gss_kdc_answer *answer;
};

static void note_error(const struct question *question, krb5_error_code error)
{
    const char *text = krb5_get_error_message(question->krb5, error);

    (void)snprintf(question->answer->error, sizeof(question->answer->error), "%s", text);
    krb5_free_error_message(question->krb5, text);
    if (error != KRB5_KDC_UNREACH && error != KRB5_REALM_UNKNOWN &&
        error != KRB5_REALM_CANT_RESOLVE)
        question->answer->reached = true;
}

/* The library has adjusted itself to the clock of the KDC. */
static void note_clock(const struct question *question)
{
    krb5_int32 seconds, microseconds;

    if (krb5_get_time_offsets(question->krb5, &seconds, &microseconds) != 0)
        return;
    question->answer->has_clock = true;
    question->answer->ahead_s = seconds;
}

static void note_ticket(const struct question *question, const krb5_data *encoded)
{
    struct gss_kdc_answer *answer = question->answer;
    krb5_ticket *ticket;

    if (krb5_decode_ticket(encoded, &ticket) != 0)
        return;
    answer->knows = true;
    answer->kvno = ticket->enc_part.kvno;
    answer->enctype_number = ticket->enc_part.enctype;
    if (krb5_enctype_to_name(ticket->enc_part.enctype, 0, answer->enctype,
                             sizeof(answer->enctype)) != 0)
        (void)snprintf(answer->enctype, sizeof(answer->enctype), "type %d",
                       (int)ticket->enc_part.enctype);
    krb5_free_ticket(question->krb5, ticket);
}

/* Get a ticket for the service with what is in a cache.  True: there is one. */
static bool ask_with_cache(const struct question *question, krb5_ccache cache)
{
    krb5_creds wanted = {.server = question->service}, *found;
    krb5_error_code error = krb5_cc_get_principal(question->krb5, cache, &wanted.client);

    if (error)
        return false;
    error = krb5_get_credentials(question->krb5, 0, cache, &wanted, &found);
    krb5_free_principal(question->krb5, wanted.client);
    if (error) {
        note_error(question, error);
        return false;
    }
    question->answer->reached = true;
    note_ticket(question, &found->ticket);
    krb5_free_creds(question->krb5, found);
    return question->answer->knows;
}

static void ask_with_creds(const struct question *question, krb5_principal client,
                           krb5_creds *creds)
{
    krb5_ccache cache;

    if (krb5_cc_new_unique(question->krb5, "MEMORY", NULL, &cache) != 0)
        return;
    if (krb5_cc_initialize(question->krb5, cache, client) == 0 &&
        krb5_cc_store_cred(question->krb5, cache, creds) == 0)
        (void)ask_with_cache(question, cache);
    (void)krb5_cc_destroy(question->krb5, cache);
}

/* Be that principal of the keytab, and ask.  True: its key is good. */
static bool ask_as(const struct question *question, krb5_principal client)
{
    krb5_creds creds = {0};
    krb5_error_code error =
        krb5_get_init_creds_keytab(question->krb5, &creds, client, question->keys, 0, NULL, NULL);

    if (error) {
        note_error(question, error);
        if (krb5_principal_compare(question->krb5, client, question->service) &&
            (error == KRB5KRB_AP_ERR_BAD_INTEGRITY || error == KRB5KDC_ERR_PREAUTH_FAILED ||
             error == KRB5_PREAUTH_FAILED))
            question->answer->key_is_wrong = true;
        return false;
    }
    question->answer->reached = true;
    note_clock(question);
    ask_with_creds(question, client, &creds);
    krb5_free_cred_contents(question->krb5, &creds);
    return true;
}

static void ask_as_others(const struct question *question, const struct gss_keytab *keytab)
{
    const char *last = "";

    for (uint32_t i = 0; i < keytab->count && !question->answer->knows; i++) {
        const char *name = keytab->entries[i].principal;
        krb5_principal client;

        if (strcmp(name, last) == 0 || krb5_parse_name(question->krb5, name, &client) != 0)
            continue;
        last = name;
        if (!krb5_principal_compare(question->krb5, client, question->service))
            (void)ask_as(question, client);
        krb5_free_principal(question->krb5, client);
    }
}

/* As the service itself, which shows whether its key is right; else as the calling user; else as
 * others of the keytab, such as a machine account of Active Directory. */
static void ask(const struct question *question, const struct gss_keytab *keytab)
{
    krb5_ccache cache;

    (void)ask_as(question, question->service);
    if (question->answer->knows || (!question->answer->reached && keytab->count > 0))
        return;
    if (krb5_cc_default(question->krb5, &cache) == 0) {
        (void)ask_with_cache(question, cache);
        (void)krb5_cc_close(question->krb5, cache);
    }
    if (!question->answer->knows)
        ask_as_others(question, keytab);
}

void gss_kdc_ask(struct gss_kdc_answer *answer, const struct gss_keytab *keytab,
                 const char *service)
{
    struct question question = {.answer = answer};

    memset(answer, 0, sizeof(*answer));
    if (krb5_init_context(&question.krb5) != 0) {
        (void)snprintf(answer->error, sizeof(answer->error), "krb5.conf cannot be read");
        return;
    }
    if (krb5_parse_name(question.krb5, service, &question.service) == 0 &&
        krb5_kt_resolve(question.krb5, keytab->name, &question.keys) == 0)
        ask(&question, keytab);
    if (question.keys)
        (void)krb5_kt_close(question.krb5, question.keys);
    krb5_free_principal(question.krb5, question.service);
    krb5_free_context(question.krb5);
}
