/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm_attack ADDRESS:PORT SOURCE SECONDS SEED ATTACK
 *     Runs one attack from the address SOURCE for that time, then prints counts of the answers.
 * storm_attack list
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attack.h"
#include "lib/wait.h"

static const struct attack *const groups[] = {
    attack_callbacks, attack_connections, attack_intruders, attack_pipelines, attack_state,
};

static const struct attack *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
        for (const struct attack *attack = groups[i]; attack->name; attack++)
            if (strcmp(attack->name, name) == 0)
                return attack;
    return NULL;
}

static int list(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
        for (const struct attack *attack = groups[i]; attack->name; attack++)
            (void)puts(attack->name);
    return 0;
}

static void run(struct attacker *me, const struct attack *attack)
{
    while (!attacker_is_over(me)) {
        attack->run(me);
        wait_ms(ATTACKER_PAUSE_MS);
    }
    (void)printf("%s answered=%lu delayed=%lu refused=%lu broken=%lu\n", me->name, me->answered,
                 me->delayed, me->refused, me->broken);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct attacker me;
    const struct attack *attack = argc == 6 ? find(argv[5]) : NULL;
    char host[64];

    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return list();
    if (!attack || sscanf(argv[1], "%63[^:]:%hu", host, &me.port) != 2) {
        (void)fprintf(stderr, "usage: see tests/fault/storm/storm.c\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    me.name = attack->name;
    me.target = argv[1];
    me.host = host;
    me.source = argv[2];
    me.end_ms = wait_now_ms() + strtol(argv[3], NULL, 10) * 1000;
    me.random = random_from(strtoull(argv[4], NULL, 10), 0);
    run(&me, attack);
    _exit(0); /* vanish: close nothing in order */
}
