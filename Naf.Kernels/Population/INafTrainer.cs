using Naf.Kernels.Advantage;

namespace Naf.Kernels.Population;

/// <summary>What a device does for a population. The learners' host memory is where they live on a CPU, and their mirror on a GPU.</summary>
internal interface INafTrainer : IDisposable
{
    /// <summary>How the work is laid onto the device, where results depend on it.</summary>
    string Plan { get; }

    /// <summary>u = μ(x) of one learner.</summary>
    void Act(int learner, ReadOnlySpan<float> x, Span<float> u);

    /// <summary>u = μ(x) of every learner, [learners, state] → [learners, action].</summary>
    void ActAll(ReadOnlySpan<float> x, Span<float> u);

    /// <summary>V, μ, L, A and Q of many samples (<see cref="NafPopulation.Evaluate"/>).</summary>
    void Evaluate(
        int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, AdvantageEvaluation evaluation, Span<float> v, Span<float> mu, Span<float> lower,
        Span<float> advantage, Span<float> q);

    /// <summary>A transition was added to a learner's replay.</summary>
    void Stored(int learner);

    /// <summary>A transition was added to a learner's R_f by the host.</summary>
    void StoredImagined(int learner);

    /// <summary>A learner's R_f was emptied.</summary>
    void ClearedImagined(int learner);

    /// <summary>Updates from R_f, then from R, of every active learner whose buffer holds a minibatch.</summary>
    void Update(int imagined, int real);

    /// <summary>Brings the learners' counters and reports up to date.</summary>
    void Collect();

    /// <summary>Brings all of the learners' host memory up to date.</summary>
    void Fetch();

    /// <summary>Takes over the learners' host memory after it was loaded.</summary>
    void Push();
}
