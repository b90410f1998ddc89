using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Expectation and maximisation (Dempster, Laird and Rubin 1977), in double:
/// <code>
/// rₙₖ = πₖ N(zₙ; μₖ, Σₖ) / Σⱼ πⱼ N(zₙ; μⱼ, Σⱼ)
/// πₖ = Σₙ rₙₖ / N,   μₖ = Σₙ rₙₖ zₙ / Σₙ rₙₖ,   Σₖ = Σₙ rₙₖ (zₙ − μₖ)(zₙ − μₖ)ᵀ / Σₙ rₙₖ + floor I
/// </code>
/// Threads share the samples in the first line and the components in the second; which thread takes what changes no number.
/// </summary>
internal sealed class MixtureFit
{
    // a responsibility below this is 0: it and the rounding of the others are the same to a mean and a covariance
    private const double Least = 1e-18;
    // a component that explains less than this much of a sample begins anew
    private const double Empty = 0.5;

    private readonly MixtureSamples _samples;
    private readonly MixtureSettings _settings;
    private readonly WorkTeam? _team;
    private readonly MixtureComponent[] _components;
    private readonly double[][] _responsibilities, _scratch;
    private readonly MixtureMoments[] _moments;
    private readonly double[] _logDensities;
    private readonly bool[] _begunAnew;
    private double[] _common = [];
    private int _next;

    public MixtureFit(MixtureSamples samples, MixtureSettings settings, WorkTeam? team)
    {
        (_samples, _settings, _team) = (samples, settings, team);
        int components = Math.Min(settings.Components, samples.Count), members = team?.Threads ?? 1, padded = samples.Blocks * MixtureSamples.Block;
        _components = [.. Enumerable.Range(0, components).Select(_ => new MixtureComponent(samples.Size))];
        _responsibilities = [.. _components.Select(_ => new double[padded])];
        _scratch = [.. Enumerable.Range(0, members).Select(_ => new double[samples.Height * MixtureSamples.Block])];
        _moments = [.. Enumerable.Range(0, members).Select(_ => new MixtureMoments(samples.Size))];
        _logDensities = new double[samples.Count];
        _begunAnew = new bool[components];
    }

    /// <summary>The mean log density of a sample at each expectation.</summary>
    public List<double> LogLikelihoods { get; } = [];

    /// <summary>Fits.</summary>
    public MixtureComponent[] Run()
    {
        Begin();
        bool anew = true;
        for (int i = 0; i < _settings.Iterations; i++)
        {
            Each(_samples.Blocks, Expect);
            LogLikelihoods.Add(_logDensities.Sum() / _samples.Count);
            if (!anew && LogLikelihoods[^1] - LogLikelihoods[^2] < _settings.Tolerance) break;
            Each(_components.Length, Maximise);
            anew = BeginAnew();
        }
        return _components;
    }

    // the components of separate clusters, with what is left over within all of them as their common covariance
    private void Begin()
    {
        int[] assigned = new MixtureSeeds(_samples, _settings.Seed).Assign(_components.Length);
        for (int n = 0; n < assigned.Length; n++) _responsibilities[assigned[n]][n] = 1;
        _common = new double[_samples.Size * _samples.Size];
        for (int k = 0; k < _components.Length; k++)
        {
            MixtureComponent component = _components[k];
            int count = assigned.Count(a => a == k);
            component.Weight = (double)count / assigned.Length;
            if (_moments[0].Take(_samples, _responsibilities[k], component.Mean, component.Covariance, 0))
                for (int i = 0; i < _common.Length; i++) _common[i] += component.Weight * component.Covariance[i];
        }
        for (int i = 0; i < _samples.Size; i++) _common[i * (_samples.Size + 1)] += _settings.Floor;
        foreach (MixtureComponent component in _components)
        {
            _common.CopyTo(component.Covariance, 0);
            component.Factor(_settings.Floor);
        }
    }

    // a block of samples
    private void Expect(int member, int block)
    {
        int first = block * MixtureSamples.Block, count = _samples.CountOf(block);
        for (int k = 0; k < _components.Length; k++)
            _components[k].LogDensities(_samples, block, _scratch[member], _responsibilities[k].AsSpan(first, MixtureSamples.Block));
        for (int n = first; n < first + count; n++)
        {
            double most = double.NegativeInfinity, sum = 0;
            foreach (double[] r in _responsibilities) most = Math.Max(most, r[n]);
            foreach (double[] r in _responsibilities) sum += r[n] = Math.Exp(r[n] - most);
            foreach (double[] r in _responsibilities) r[n] = r[n] < Least * sum ? 0 : r[n] / sum;
            _logDensities[n] = most + Math.Log(sum);
        }
    }

    // a component; one without samples stays as it is
    private void Maximise(int member, int k)
    {
        MixtureComponent component = _components[k];
        double total = 0;
        for (int n = 0; n < _samples.Count; n++) total += _responsibilities[k][n];
        component.Weight = total / _samples.Count;
        if (total >= Empty)
            _moments[member].Take(_samples, _responsibilities[k], component.Mean, component.Covariance, _settings.Floor);
        component.Factor(_settings.Floor);
    }

    // an empty component moves, once, to the sample that the mixture explains least; true: one has moved
    private bool BeginAnew()
    {
        bool moved = false;
        for (int k = 0; k < _components.Length; k++)
        {
            MixtureComponent component = _components[k];
            if (component.Weight * _samples.Count >= Empty || _begunAnew[k]) continue;
            int least = Array.IndexOf(_logDensities, _logDensities.Min());
            _logDensities[least] = double.PositiveInfinity;
            _samples[least].CopyTo(component.Mean);
            _common.CopyTo(component.Covariance, 0);
            component.Weight = 1.0 / _samples.Count;
            moved = _begunAnew[k] = true;
        }
        if (!moved) return false;
        double sum = _components.Sum(c => c.Weight);
        foreach (MixtureComponent component in _components)
        {
            component.Weight /= sum;
            component.Factor(_settings.Floor);
        }
        return true;
    }

    private void Each(int tasks, Action<int, int> work)
    {
        _next = 0;
        if (_team is null)
            Take(0);
        else
            _team.Run(Take);

        void Take(int member)
        {
            for (int task = Interlocked.Increment(ref _next) - 1; task < tasks; task = Interlocked.Increment(ref _next) - 1) work(member, task);
        }
    }
}
