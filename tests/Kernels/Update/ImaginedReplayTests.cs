using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;

namespace Naf.Tests;

/// <summary>
/// R_f filled by the host and by rollouts, emptied, saved and loaded: every device agrees with a list of rows on the
/// CPU.
/// </summary>
internal sealed class ImaginedReplayTests(string name) : EveryDeviceFixture(name)
{
    private const int Capacity = 150, Row = 16;
    private static readonly RolloutDefinition Task = RolloutTasks.Chain(joints: 3, action: 2, horizon: 9);
    private static readonly NafShape Shape = new(6, 2, [31]);

    private static readonly LearnerSettings Settings = new() { Seed = 1, BatchSize = 16, ReplayCapacity = 100 };

    private static LearnerPopulation Population(Device device) =>
        LearnerPopulation.Create(device, Shape, [], [Settings, Settings with { Seed = 2 }], imaginedCapacity: Capacity);

    // row i of a series; its content identifies it
    private static float[] RowOf(int series, int i) =>
        [.. Enumerable.Range(0, Row).Select(
            e => e == 9 ? i % 3 == 0 ? 0 : 1 : 0.01f * (series + i) + 0.1f * MathF.Sin(e + i))];

    private static void Store(LearnerPopulation population, int learner, int series, int count)
    {
        for (int i = 0; i < count; i++)
        {
            float[] row = RowOf(series, i);
            population.StoreImagined(
                learner, row.AsSpan(0, 6), row.AsSpan(6, 2), row[8], row.AsSpan(10, 6), terminal: row[9] == 0);
        }
    }

    private static void Imagine(Device device, LearnerPopulation population, ulong seed)
    {
        RolloutSettings noisy = new() { Rollouts = 31, Steps = 4, ActionNoise = 0.3f };
        using var models = new PackedModels(device, Task.Dynamics, 2);
        for (int k = 0; k < 2; k++) models.Write(k, RolloutTrial.DrawDynamics(Task.Dynamics, 3 + (ulong)k));
        using var rollouts = new ImaginationRollouts(device, population, Task, models, [noisy, noisy]);
        for (int k = 0; k < 2; k++) RolloutTrial.DrawStarts(rollouts.Starts(k), Task, 31, 4, seed + (ulong)k);
        rollouts.Run();
    }

    private static float[][] Rows(LearnerPopulation population, int learner) =>
        [.. population.LearnerAt(learner).Imagined.Rows.ToArray().Chunk(Row)];

    private static long Updates(LearnerPopulation population, int learner, int imagined, int real)
    {
        long before = population.TakeReport(learner).Updates;
        population.Update(imagined, real);
        return population.TakeReport(learner).Updates - before;
    }

    [Test]
    public void The_host_s_rows_and_those_of_rollouts_stand_one_behind_the_other()
    {
        using Device cpu = new CpuDevice(1);
        using LearnerPopulation population = Population(Device), reference = Population(cpu);
        foreach ((Device on, LearnerPopulation p) in new[] { (Device, population), (cpu, reference) })
        {
            // 40 + 124 rows in 150 slots: rollouts overwrite rows that may not have reached the device yet
            Store(p, 0, series: 0, count: 40);
            Imagine(on, p, seed: 50);
            Assert.That(Rows(p, 0)[14..40], Is.EqualTo(Enumerable.Range(14, 26).Select(i => RowOf(0, i))));
            Assert.That(Rows(p, 0)[..14], Is.Not.EqualTo(Enumerable.Range(0, 14).Select(i => RowOf(0, i))));
            // + 30 + 124 + 7: the host's rows overwrite those of rollouts
            Store(p, 0, series: 100, count: 30);
            Imagine(on, p, seed: 60);
            Store(p, 0, series: 200, count: 7);
            float[][] rows = Rows(p, 0);
            Assert.That(rows[18..25], Is.EqualTo(Enumerable.Range(0, 7).Select(i => RowOf(200, i))));
            Assert.That(rows[25..44], Is.EqualTo(Enumerable.Range(11, 19).Select(i => RowOf(100, i))));
        }
        for (int k = 0; k < 2; k++)
        {
            Assert.That(population.LearnerAt(k).Imagined.Newest, Is.EqualTo(reference.LearnerAt(k).Imagined.Newest));
            Assert.That(Rows(population, k), Is.EqualTo(Rows(reference, k)).Within(Tolerances.ImaginedRow));
        }
    }

    [Test]
    public void A_cleared_R_f_gives_no_updates_until_it_holds_a_minibatch_again()
    {
        using LearnerPopulation population = Population(Device);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 64, (ulong)k);
        Imagine(Device, population, seed: 50);
        Assert.That(Updates(population, 0, imagined: 3, real: 2), Is.EqualTo(5));
        Store(population, 0, series: 0, count: 5);
        population.ClearImagined(0);
        Assert.That((population.ImaginedCount(0), population.ImaginedCount(1), population.ReplayCount(0)),
            Is.EqualTo((0, 124, 64)));
        Assert.That(Updates(population, 0, imagined: 3, real: 2), Is.EqualTo(2));
        Store(population, 0, series: 100, count: 15);
        Assert.That(Updates(population, 0, imagined: 3, real: 2), Is.EqualTo(2), "one row less than a minibatch");
        Store(population, 0, series: 200, count: 1);
        Assert.That(Updates(population, 0, imagined: 3, real: 2), Is.EqualTo(5));
        Assert.That(population.TakeReport(1).Updates, Is.EqualTo(20), "the other learner's R_f was never cleared");
        Assert.That(Rows(population, 0),
            Is.EqualTo((float[][])[.. Enumerable.Range(0, 15).Select(i => RowOf(100, i)), RowOf(200, 0)]));
    }

    [Test]
    public void Updates_take_the_rows_that_were_stored_last()
    {
        using Device cpu = new CpuDevice(1);
        using LearnerPopulation population = Population(Device), reference = Population(cpu), plain = Population(cpu);
        foreach (LearnerPopulation p in (LearnerPopulation[])[population, reference])
        {
            // rows that never reach the updates: cleared before, or overwritten
            Store(p, 0, series: 5000, count: 40);
            p.ClearImagined(0);
            Store(p, 0, series: 9000, count: Capacity);
            Store(p, 0, series: 0, count: Capacity);
            Update(p);
        }
        Store(plain, 0, series: 0, count: Capacity);
        Update(plain);
        float[] expected = plain.LearnerAt(0).Parameters.Span.ToArray();
        Assert.That(reference.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(expected));
        Assert.That(population.LearnerAt(0).Parameters.Span.ToArray(),
            Is.EqualTo(expected).Within(Tolerances.UpdatedParameters));
        double loss = plain.TakeReport(0).Loss;
        Assert.That(population.TakeReport(0).Loss, Is.EqualTo(loss).Within(Tolerances.LossOfDevices * loss));

        static void Update(LearnerPopulation population)
        {
            UpdateCheck.Fill(population, 0, 50, 1);
            population.Update(imagined: 4, real: 2);
        }
    }

    [Test]
    public void A_checkpoint_holds_rows_that_were_on_their_way_and_puts_away_those_of_who_loads_it()
    {
        using LearnerPopulation first = Population(Device), again = Population(Device), moved = Population(Other);
        Imagine(Device, first, seed: 50);
        Store(first, 0, series: 0, count: 40);
        first.ClearImagined(1);
        Store(first, 1, series: 300, count: 20);
        byte[] state = Saved.Bytes(first.Serialise);
        foreach (LearnerPopulation p in (LearnerPopulation[])[again, moved])
        {
            Store(p, 0, series: 5000, count: Capacity);
            p.Serialise(Saved.Of(state));
            Assert.That(Saved.Bytes(p.Serialise), Is.EqualTo(state));
            Assert.That((p.ImaginedCount(0), p.ImaginedCount(1)), Is.EqualTo((Capacity, 20)));
        }
        foreach ((Device on, LearnerPopulation p) in new[] { (Device, first), (Device, again), (Other, moved) })
        {
            Store(p, 1, series: 400, count: 3);
            Imagine(on, p, seed: 70);
            p.Update(imagined: 3, real: 0);
        }
        Assert.That(Saved.Bytes(again.Serialise), Is.EqualTo(Saved.Bytes(first.Serialise)));
        float[] x = Rows(first, 0)[0][..6], u = new float[2], expected = new float[2];
        for (int k = 0; k < 2; k++)
        {
            Assert.That(Rows(moved, k), Is.EqualTo(Rows(first, k)).Within(Tolerances.ImaginedRow), $"learner {k}");
            Assert.That(moved.LearnerAt(k).Imagined.Newest, Is.EqualTo(first.LearnerAt(k).Imagined.Newest));
            first.Act(k, x, expected);
            moved.Act(k, x, u);
            Assert.That(u, Is.EqualTo(expected).Within(Tolerances.FirstUpdates));
        }
    }

    [Test]
    public void What_cannot_be_stored_is_refused()
    {
        using LearnerPopulation without = LearnerPopulation.Create(Device, Shape, [], [Settings]);
        Assert.That(() => Store(without, 0, 0, 1), Throws.ArgumentException.With.Message.Contains("R_f"));
        using LearnerPopulation population = Population(Device);
        float[] x = new float[6], u = [0, float.NaN];
        Assert.That(() => population.StoreImagined(0, x, u, 0, x, false),
            Throws.TypeOf<NonFiniteTransitionException>());
        Assert.That(population.ImaginedCount(0), Is.Zero);
    }
}
