using System.Runtime.InteropServices;
using Naf.Gpu.Devices;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Observation;
using Naf.Kernels.Population;
using Naf.Kernels.Regression;
using Naf.Kernels.Reward;
using Naf.Kernels.Settings;

namespace Naf.Host.Imagination;

/// <summary>
/// Imagination in a neural network that predicts s′ − s from (s, u), trained on all real steps so far: the paper's
/// negative result (section 6.3). The observation is recomputed exactly, x = h(s), as in the fitted dynamics.
/// </summary>
internal sealed class NetworkModel : HostModel, IRolloutModel, IDisposable
{
    private readonly ImaginationSettings _settings;
    private readonly DynamicsSpace _space;
    private readonly NetworkRegression _network;
    private readonly ObservationFunction<double> _h;
    private readonly RewardFunction<double> _reward;
    private readonly TrainingData[] _known;
    private readonly int _horizon;

    // current rollouts: s, time step, constants of the episode
    private readonly (double[] State, int Time, double[] Constants)[] _rollouts;

    public NetworkModel(
        Device device, DynamicsSpace space, int horizon, LearnerPopulation population, ImaginationSettings settings,
        IReadOnlyList<ulong> seeds)
        : base(population, settings)
    {
        (_settings, _space, _horizon) = (settings, space, horizon);
        _h = new ObservationFunction<double>(space.Observation);
        _reward = new RewardFunction<double>(space.Reward);
        _known = [.. seeds.Select(_ => new TrainingData())];
        _rollouts = new (double[], int, double[])[settings.Starts];
        _network = new NetworkRegression(device, space.Size + space.Action, space.Size, new LearnerSettings(), seeds);
    }

    // a learner's training rows and their range
    private sealed class TrainingData
    {
        public List<float> Rows { get; } = [];

        public double[] Scale { get; set; } = [];

        public StateRange Range { get; set; } = new([]);
    }

    // a network that is no longer finite is not trained further
    public bool Ready(int learner) => _known[learner].Scale.Length > 0 && _network.Finite(learner);

    protected override bool Learn(int learner, EpisodeMemory memory)
    {
        TrainingData k = _known[learner];
        (int inputs, int states) = (_space.Size + _space.Action, _space.Size);
        foreach (EpisodeRecord e in memory.Batch)
            for (int t = 0; t < e.Length; t++)
            {
                foreach (double s in e.State(t)) k.Rows.Add((float)s);
                foreach (double u in e.Action(t)) k.Rows.Add((float)u);
                for (int i = 0; i < states; i++) k.Rows.Add((float)(e.State(t + 1)[i] - e.State(t)[i]));
            }

        // means and deviations of all rows, by which the network's inputs and outputs are standardised
        SampleMoments moments = SampleMoments.Of(inputs + states, [.. k.Rows.Select(r => (double)r)]);
        double[] scale = moments.Scale();
        _network.SetScale(learner, moments.Mean, scale);
        double loss = _network.Train(learner, CollectionsMarshal.AsSpan(k.Rows), _settings.NetworkUpdates);
        if (!double.IsFinite(loss)) return false;
        k.Scale = scale[..states];
        k.Range = StateRange.Of<float>(CollectionsMarshal.AsSpan(k.Rows), inputs + states, states, _settings.Range, 0);
        return true;
    }

    public ModelError? ErrorOn(int learner, EpisodeRecord episode)
    {
        if (!Ready(learner)) return null;
        var (z, d) = (new float[_space.Size + _space.Action], new float[_space.Size]);
        return ModelError.Of(episode, _known[learner].Scale, _settings.Steps, (t, s, u) =>
        {
            for (int i = 0; i < s.Length; i++) z[i] = (float)s[i];
            for (int i = 0; i < u.Length; i++) z[s.Length + i] = (float)u[i];
            _network.Predict(learner, z, d);
            for (int i = 0; i < s.Length; i++) s[i] += d[i];
        });
    }

    public void Serialise(CheckpointScope scope)
    {
        for (int k = 0; k < _known.Length; k++)
        {
            CheckpointScope learner = scope.Scope($"learner.{k}");
            learner.Fill("samples", _known[k].Rows);
            _known[k].Scale = learner.Values("scale", _known[k].Scale);
            _known[k].Range = new StateRange(learner.Values("range", _known[k].Range.Bounds));
        }
        _network.Serialise(scope.Scope("networks"));
    }

    public void Dispose() => _network.Dispose();

    protected override void Begin(int m, EpisodeRecord episode, int time, Span<float> x)
    {
        _rollouts[m] = (episode.State(time).ToArray(), time, episode.Constants[.._space.Observation.ConstantSize]);
        Observe(m, x);
    }

    protected override void Advance(int learner, Row?[] rows, Outcome[] outcomes)
    {
        // s′ = s + g(s, u) of all live rollouts
        int[] live = [.. Enumerable.Range(0, rows.Length).Where(m => rows[m] is not null)];
        (int states, int inputs) = (_space.Size, _space.Size + _space.Action);
        var (z, d) = (new float[live.Length * inputs], new float[live.Length * states]);
        for (int i = 0; i < live.Length; i++)
        {
            for (int j = 0; j < states; j++) z[i * inputs + j] = (float)_rollouts[live[i]].State[j];
            rows[live[i]]!.U.CopyTo(z, i * inputs + states);
        }
        _network.Predict(learner, z, d);
        for (int i = 0; i < live.Length; i++)
        {
            int m = live[i];
            double[] s = _rollouts[m].State;
            StateRange range = _known[learner].Range;
            bool inside = true;
            for (int j = 0; j < states; j++)
            {
                s[j] += d[i * states + j];
                inside &= s[j] >= range.Low[j] && s[j] <= range.High[j];
            }
            outcomes[m] = inside ? Reward(m, rows[m]!) : Outcome.Cut;
        }
    }

    // r, the terminal flag and x′ = h(s′, c) of a rollout
    private Outcome Reward(int m, Row row)
    {
        double[] x = [.. row.X], u = [.. row.U];
        double reward = _reward.Value(x, u);
        Observe(m, row.Next);
        for (int i = 0; i < x.Length; i++) x[i] = row.Next[i];
        row.Terminal = _reward.Terminates(x);
        row.Reward = (float)(row.Terminal ? reward + _reward.TerminationReward : reward);
        return row.Terminal || ++_rollouts[m].Time >= _horizon ? Outcome.Ended : Outcome.GoesOn;
    }

    private void Observe(int m, Span<float> x)
    {
        KinematicTree tree = _space.Observation.Tree;
        double[] qpos = new double[tree.Nq], qvel = new double[tree.Nv], observed = new double[x.Length];
        _space.Coordinates.FromState<double>(_rollouts[m].State, qpos, qvel);
        _h.Evaluate(qpos, qvel, _rollouts[m].Constants, observed);
        for (int i = 0; i < x.Length; i++) x[i] = (float)observed[i];
    }
}
