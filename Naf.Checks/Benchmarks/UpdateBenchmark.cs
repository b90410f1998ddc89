using System.Text.Json.Serialization;
using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Checks.Benchmarks;

/// <summary>
/// Sizes of an update: the reference size by default (20 observations, 6 actions, three networks of 2 × 200, minibatch
/// 64).
/// </summary>
internal sealed record UpdateBenchmarkSizes
{
    [Size("NAME", "naf or ddpg [naf]")] public string Algorithm { get; init; } = "naf";

    [Size("P", "learners at once", 4096)] public int Learners { get; init; } = 1;

    [Size("M", "transitions in a minibatch", 10_000)] public int Batch { get; init; } = 64;

    [Size("N", "entries of the observation", 4096)] public int State { get; init; } = 20;

    [Size("N", "entries of the action", 64)] public int Action { get; init; } = 6;

    [Size("A,B", "units of each hidden layer")] public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    [Size("", "one trunk for V, μ and L")] public bool Trunk { get; init; }

    [Size("", "two V networks")] public bool Twin { get; init; }

    [Size("KIND", "normalisation: none, batch or layer")] public Normalisation Normalisation { get; init; }

    /// <summary>I of a training step, or I (l + 1) with imagination.</summary>
    [Size("K", "updates of a learner in one call, as in a step", 10_000)] public int UpdatesPerCall { get; init; } = 20;

    [Size("PLAN", "a GPU's THREADS,ROWS,ROWS_PER_THREAD,PARTS,together|phases [its own]"), JsonIgnore]
    public string Plan { get; init; } = "";
}

/// <summary>The whole update of every learner.</summary>
internal sealed class UpdateBenchmark : KernelBenchmark
{
    private const int Replay = 10_000;
    private readonly UpdateBenchmarkSizes _sizes;
    private readonly LearnerShape _shape;
    private readonly LaunchPlan? _plan;

    /// <exception cref="ArgumentException">A size is out of range, or the plan is not one for the device.</exception>
    public UpdateBenchmark(Device device, UpdateBenchmarkSizes sizes) : base(device)
    {
        _sizes = sizes;
        _shape = sizes.Algorithm switch
        {
            "naf" => new NafShape(
                sizes.State, sizes.Action, sizes.Hidden, sizes.Trunk, sizes.Normalisation, sizes.Twin),
            "ddpg" when sizes is { Trunk: false, Twin: false } =>
                new DdpgShape(sizes.State, sizes.Action, sizes.Hidden, sizes.Normalisation),
            "ddpg" => throw new ArgumentException("a trunk and a twin are of NAF; leave them out"),
            _ => throw new ArgumentException($"there is no algorithm '{sizes.Algorithm}'; give naf or ddpg"),
        };
        bool given = sizes.Plan.Length > 0;
        if (device is GpuDevice gpu)
            _plan = given
                ? LaunchPlan.Parse(sizes.Plan)
                : LaunchPlan.Choose(gpu.Info, gpu.Limits, _shape, sizes.Batch, sizes.Learners);
        else if (given)
            throw new ArgumentException($"the plan '{sizes.Plan}' is for a GPU; leave it out on {device.Info.Name}");
        // the paper's update, which the peers make
        var first = new LearnerSettings
        {
            BatchSize = sizes.Batch, ReplayCapacity = Replay, NaturalGradient = false, ActorLearningRate = 1e-3,
        };
        LearnerSettings[] learners =
            [.. Enumerable.Range(0, sizes.Learners).Select(k => first with { Seed = (ulong)k })];
        Population = LearnerPopulation.Create(device, _shape, [], learners, plan: _plan);
        for (int k = 0; k < sizes.Learners; k++) UpdateCheck.Fill(Population, k, Replay, (ulong)k + 100);

        ImmutableArray<MlpShape> networks = _shape.Networks();
        Units = sizes.UpdatesPerCall * sizes.Learners;
        ImmutableArray<MlpShape> targets = networks[.._shape.Targets];
        // per weight and sample: forward, backward to the layer below (not from the first) and the gradient; and
        // forward through the targets
        double products = networks.Sum(n => 3 * Weights(n) - Weights(n, 0, 1)) + targets.Sum(n => Weights(n));
        // a second pass shares the first layer, and goes back to the late input
        if (_shape.SecondPass >= 0)
        {
            MlpShape second = networks[_shape.SecondPass];
            products += Weights(second, 1) + Weights(second, 2) + second.Late * second.Hidden[1];
        }
        Operations = 2 * sizes.Batch * products;
        // read and written: θ, both moments and θ′; read: the minibatch
        Bytes = sizeof(float) * (6.0 * networks.Sum(n => n.Parameters) + 2.0 * targets.Sum(n => n.Parameters)
            + sizes.Batch * (2.0 * sizes.State + sizes.Action + 2));

        // of layers from..to − 1
        static double Weights(MlpShape network, int from = 0, int to = int.MaxValue) =>
            Enumerable.Range(from, Math.Min(to, network.Layers + 1) - from)
                .Sum(l => (double)network.Inputs(l) * (l < network.Layers ? network.Hidden[l] : network.Output));
    }

    public string Plan => Population.Plan;

    internal LearnerPopulation Population { get; }

    /// <summary>
    /// Share of nonzero hidden units over stored observations, with the parameters of learner 0: the work of a CPU
    /// update grows with it.
    /// </summary>
    public double ActiveUnits()
    {
        Learner learner = Population.LearnerAt(0);
        using var oracle = new LearnerOracle(_shape, learner, Population.InputScale, _sizes.Batch);
        oracle.Update(UpdateCheck.NextMinibatch(Population, 0));
        return oracle.ActiveUnits;
    }

    public override void Run() => Population.Update(_sizes.UpdatesPerCall);

    /// <summary>Taking a report waits for the device.</summary>
    public override void Finish() => Population.TakeReport(0);

    public override void Dispose() => Population.Dispose();

    protected override bool IsFinite => Enumerable.Range(0, _sizes.Learners).All(k => Population.TakeReport(k).Finite);

    /// <summary>Error of the gradient.</summary>
    public override double Error => Errors[0].Error;

    // the checked program is the timed one
    protected override KernelError[] Check() =>
        UpdateCheck.Run(Device, _shape, new LearnerSettings(), _sizes.Batch, updates: 2, Population.InputScale, _plan);
}
