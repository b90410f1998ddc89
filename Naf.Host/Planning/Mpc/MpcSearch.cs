using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Random;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Searches for a plan by iLQG: expands dynamics and cost around the plan, changes it by a backward pass, tries step
/// sizes and random changes in parallel, and keeps the cheapest. The result does not depend on the number of threads.
/// </summary>
internal sealed class MpcSearch
{
    /// <summary>First sequence of random plans, after those of random changes.</summary>
    private const int ColdSequences = 1 << 19;

    /// <summary>
    /// Standard deviation of random changes at their knots, in actions. The cheetah's score rises with it from 0.3 to
    /// 1.
    /// </summary>
    private const double SampleDeviation = 1;

    /// <summary>ε of the one-sided differences, in units of state and action. mujoco_mpc: 1e-6.</summary>
    private const double DifferenceStep = 1e-6;

    /// <summary>Number of increases of μ in one iteration when Q_uu is not positive definite. mujoco_mpc: 5.</summary>
    private const int Retries = 5;

    /// <summary>
    /// Largest μ, and the initial factor of its changes, which grows as long as they go in one direction (Tassa, Erez
    /// and Todorov 2012, section II.F; mujoco_mpc).
    /// </summary>
    private const double MostRegularisation = 1e6, RegularisationFactor = 2;

    // mujoco_mpc: good is over half of the expected improvement, or a step over 0.3; bad is under a tenth of it, or a
    // step under 0.06
    private const double GoodShare = 0.5, GoodStep = 0.3, BadShare = 0.1, BadStep = 0.06;

    /// <summary>Step sizes α of the line search, logarithmically spaced. mujoco_mpc: 10 from 1 to 1e-3.</summary>
    private static readonly double[] Alphas = [.. Enumerable.Range(0, 10).Select(i => Math.Pow(1e-3, i / 9.0))];

    private readonly PlanTeam _team;
    private readonly MpcSettings _settings;
    private readonly PlanExpansion _expansion;
    private readonly MpcBackwardPass _backward;
    private readonly PlanTrajectory[] _candidates;
    private FeedbackLaw _law, _proposal;
    private PlanNoise _noise;
    // μ, and the factor of its last change
    private double _mu, _rate;
    private double _endWeight;
    private bool _proposed;
    private int _known, _iteration;

    public MpcSearch(PlanTeam team, int capacity, MpcSettings settings)
    {
        IPlanModel model = team.Models[0];
        (_team, _settings) = (team, settings);
        _expansion = new PlanExpansion(team, capacity, DifferenceStep);
        _backward = new MpcBackwardPass(model.Tangent, model.Action);
        (_law, _proposal) = (New(), New());
        Plan = new PlanTrajectory(model, capacity);
        int most = Math.Max(Alphas.Length + settings.Samples, settings.ColdPlans + 1);
        _candidates = [.. Enumerable.Range(0, most).Select(_ => new PlanTrajectory(model, capacity))];

        FeedbackLaw New() => new(capacity, model.Tangent, model.Action);
    }

    public PlanTrajectory Plan { get; private set; }

    /// <summary>Outcomes of its iterations so far.</summary>
    public MpcStatistics Statistics { get; private set; }

    /// <summary>Begins without a plan: tries zero actions and random plans.</summary>
    /// <param name="state">[StateSize], x_0.</param>
    /// <param name="endWeight">Factor on the cost of the last state.</param>
    public void Begin(ReadOnlySpan<double> state, int length, double endWeight, PlanNoise noise)
    {
        (_endWeight, _noise, _iteration) = (endWeight, noise, 0);
        (_mu, _rate) = (_settings.LeastRegularisation, 1);
        _law.Clear();
        Plan.Length = length;
        Plan.Actions.Clear();
        Restart(state);
        _team.Each(_settings.ColdPlans + 1, TryCold);
        Take(Best(_settings.ColdPlans + 1));
    }

    /// <summary>
    /// Begins with the last plan, some steps later: with feedback on the deviation from the plan, and without.
    /// </summary>
    /// <param name="state">[StateSize], x_0.</param>
    /// <param name="steps">Steps since the last plan.</param>
    public void Continue(ReadOnlySpan<double> state, int steps, int length, double endWeight, PlanNoise noise)
    {
        (_endWeight, _noise, _iteration) = (endWeight, noise, 0);
        _known = Plan.Shift(steps, length);
        _law.Shift(steps, _known);
        for (int i = 0; i < 2; i++) state.CopyTo(_candidates[i].State(0));
        Plan.Cost = double.PositiveInfinity;
        _team.Each(2, TryShifted);
        // if neither can be simulated, the actions are kept
        if (Best(2) is >= 0 and int best) Take(best);
        else Restart(state);
    }

    /// <summary>Improves the plan; it is kept where nothing improves it.</summary>
    public void Improve(int iterations)
    {
        for (int i = 0; i < iterations; i++, _iteration++)
        {
            _proposed = Propose();
            int steps = _proposed ? Alphas.Length : 0;
            double before = Plan.Cost;
            _team.Each(steps + _settings.Samples, Try);
            int line = Best(steps), winner = Best(steps + _settings.Samples);
            Statistics = winner < 0 ? Statistics with { NotAtAll = Statistics.NotAtAll + 1 }
                : winner < steps ? Statistics with { ByLineSearch = Statistics.ByLineSearch + 1 }
                : Statistics with { ByRandomChange = Statistics.ByRandomChange + 1 };

            // μ follows the line search, even if a random change was better
            if (_proposed)
            {
                double alpha = line < 0 ? 0 : Alphas[line];
                double expected = -alpha * (_backward.Expected.Linear + alpha * _backward.Expected.Quadratic);
                Regularise(line < 0 ? 0 : (before - _candidates[line].Cost) / expected, alpha);
                (_law, _proposal) = (_proposal, _law);
            }
            Take(winner);
        }
    }

    /// <summary>Saves or loads the state from which the next <see cref="Continue"/> starts.</summary>
    /// <exception cref="InvalidDataException">The plan is longer than the capacity.</exception>
    public void Serialise(CheckpointScope scope)
    {
        (_mu, _rate) = (scope.Value("mu", _mu), scope.Value("rate", _rate));
        int length = scope.Value("length", Plan.Length);
        if (length < 0 || length > Plan.Capacity)
            throw new InvalidDataException(
                $"it holds a plan of {length} steps where this planner's have {Plan.Capacity} at most");
        Plan.Length = length;
        scope.Fill("states", Plan.States);
        scope.Fill("actions", Plan.Actions);
        if (scope.IsLoading) _law.Clear();
        scope.Fill("gains", _law.Gains(length));
    }

    /// <summary>Expands the plan and runs the backward pass, raising μ while Q_uu is not positive definite.</summary>
    /// <returns>Whether there is a change to try.</returns>
    private bool Propose()
    {
        if (!double.IsFinite(Plan.Cost) || !_expansion.Around(Plan, _endWeight)) return false;
        for (int retry = 0; retry <= Retries; retry++)
        {
            if (_backward.Run(Plan, _expansion, _mu, _proposal)) return true;
            if (_mu >= MostRegularisation) break;
            ScaleRegularisation(RegularisationFactor);
        }
        return false;
    }

    /// <summary>Adapts μ after a line search.</summary>
    /// <param name="share">Improvement as a share of the expected one.</param>
    /// <param name="step">The best α; 0 if none improved the plan.</param>
    private void Regularise(double share, double step)
    {
        if (!double.IsFinite(share)) ScaleRegularisation(RegularisationFactor * RegularisationFactor);
        else if (share > GoodShare || step > GoodStep) ScaleRegularisation(1 / RegularisationFactor);
        else if (share < BadShare || step < BadStep) ScaleRegularisation(RegularisationFactor);
    }

    private void ScaleRegularisation(double factor)
    {
        _rate = factor > 1 ? Math.Max(_rate * factor, factor) : Math.Min(_rate * factor, factor);
        _mu = Math.Clamp(_mu * _rate, _settings.LeastRegularisation, MostRegularisation);
    }

    private void Try(int i, int worker)
    {
        int steps = _proposed ? Alphas.Length : 0;
        _candidates[i].Take(Plan);
        if (i < steps)
            _candidates[i].Follow(_team.Models[worker], Plan, _proposal, Alphas[i], Plan.Length, _endWeight);
        else
            Disturb(i, worker, _iteration * _settings.Samples + i - steps, SampleDeviation);
    }

    private void TryShifted(int i, int worker) =>
        _candidates[i].Follow(_team.Models[worker], Plan, _law, 0, i == 0 ? _known : 0, _endWeight);

    private void TryCold(int i, int worker)
    {
        _candidates[i].Take(Plan);
        Disturb(i, worker, ColdSequences + i, i == 0 ? 0 : 1);
    }

    // simulates a candidate with a random sequence added to it
    private void Disturb(int i, int worker, int sequence, double deviation)
    {
        PlanTrajectory candidate = _candidates[i];
        for (int k = 0; k < candidate.Length && deviation > 0; k++)
        {
            Span<double> u = candidate.Action(k);
            _noise.Add(sequence, k, deviation, u);
            foreach (ref double entry in u) entry = Math.Clamp(entry, -1, 1);
        }
        candidate.Simulate(_team.Models[worker], _endWeight);
    }

    /// <summary>Index of the cheapest of the first candidates; −1 if none is cheaper than the plan.</summary>
    private int Best(int count)
    {
        int best = -1;
        double least = Plan.Cost;
        for (int i = 0; i < count; i++)
            if (_candidates[i].Cost < least) (best, least) = (i, _candidates[i].Cost);
        return best;
    }

    private void Take(int candidate)
    {
        if (candidate >= 0) (Plan, _candidates[candidate]) = (_candidates[candidate], Plan);
    }

    private void Restart(ReadOnlySpan<double> state)
    {
        state.CopyTo(Plan.State(0));
        Plan.Cost = double.PositiveInfinity;
    }
}

/// <summary>Smooth random sequences of actions: standard normal at knots, linear in between.</summary>
/// <param name="episode">Number of the episode; only its lower 40 bits are used.</param>
/// <param name="step">Number of the control step; only its lower 24 bits are used.</param>
/// <param name="knot">Steps between knots, at least 1.</param>
internal readonly struct PlanNoise(ulong seed, ulong episode, int step, int knot)
{
    private const int SequenceBits = 12;

    private readonly ulong _index = (episode << 24) | (uint)(step & 0xFFFFFF);

    /// <summary>Adds the values of a sequence at one step of the plan, times a deviation.</summary>
    /// <param name="sequence">Number of the sequence; only its lower 20 bits are used.</param>
    /// <param name="u">[actions], is increased.</param>
    public void Add(int sequence, int k, double deviation, Span<double> u)
    {
        int before = k / knot;
        double share = (double)(k % knot) / knot;
        for (int j = 0; j < u.Length; j++)
        {
            double from = At(sequence, before * u.Length + j), to = At(sequence, (before + 1) * u.Length + j);
            u[j] += deviation * ((1 - share) * from + share * to);
        }
    }

    private double At(int sequence, int number) => Philox.Normal(
        seed, RandomStream.PlanSearch, _index,
        ((uint)sequence << SequenceBits) | (uint)(number & ((1 << SequenceBits) - 1)));
}

/// <summary>Outcomes of a planner's iterations.</summary>
/// <param name="ByLineSearch">Iterations that improved the plan by the line search along iLQG's change.</param>
/// <param name="ByRandomChange">Iterations that improved it by a random change that was better still.</param>
/// <param name="NotAtAll">Iterations without improvement.</param>
internal readonly record struct MpcStatistics(long ByLineSearch, long ByRandomChange, long NotAtAll);
