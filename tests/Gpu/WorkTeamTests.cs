using Naf.Gpu.Cpu;

namespace Naf.Tests;

internal sealed class WorkTeamTests
{
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void Every_member_runs_once_per_call_and_wakes_after_a_long_pause(int threads)
    {
        using var team = new WorkTeam(threads);
        var calls = new int[threads];
        for (int i = 0; i < 500; i++)
        {
            team.Run(worker => calls[worker]++);
            if (i % 200 == 0) Thread.Sleep(50);
        }
        Assert.That(calls, Is.All.EqualTo(500));
    }

    [Test]
    public void An_exception_of_any_member_reaches_the_caller_and_the_team_goes_on()
    {
        using var team = new WorkTeam(3);
        Assert.That(() => team.Run(worker => { if (worker == 2) throw new InvalidDataException("from 2"); }),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("from 2"));
        int calls = 0;
        team.Run(_ => Interlocked.Increment(ref calls));
        Assert.That(calls, Is.EqualTo(3));
    }

    [Test]
    public void The_barrier_holds_until_all_have_come()
    {
        const int workers = 3, rounds = 2000;
        using var team = new WorkTeam(workers);
        var barrier = new SpinBarrier(workers);
        var at = new int[workers];
        int torn = 0;
        team.Run(worker =>
        {
            for (int round = 1; round <= rounds; round++)
            {
                Volatile.Write(ref at[worker], round);
                barrier.Wait();
                for (int other = 0; other < workers; other++)
                    if (Volatile.Read(ref at[other]) != round) Interlocked.Increment(ref torn);
                barrier.Wait();
            }
        });
        Assert.That(torn, Is.Zero);
    }
}
