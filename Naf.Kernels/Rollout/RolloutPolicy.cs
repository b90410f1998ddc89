using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Kernels.Network;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout;

/// <summary>The policies of a population: the network that holds μ, in each learner's row.</summary>
internal struct RolloutPolicy<T> where T : unmanaged, INumber<T>
{
    /// <summary>[learners, Row], as <see cref="LearnerLayout"/> has them.</summary>
    public ArrayView<T> Learners;

    /// <summary>The layers of the network.</summary>
    public ArrayView<LayerShape> Layers;

    /// <summary>
    /// Numbers of a row, the place of the input's factors in it, the first output that is μ's, and numbers from one row of activations to the next.
    /// </summary>
    public int Row, InputScale, Output, Stride;

    /// <summary>The policies of learners.</summary>
    /// <param name="learners">[learners, row].</param>
    /// <param name="layers">[networks + 1, layers], as <see cref="LearnerLayout.Layers"/>.</param>
    public static RolloutPolicy<T> Create(NafShape shape, LearnerSizes sizes, ArrayView<T> learners, ArrayView<LayerShape> layers) => new()
    {
        Learners = learners, Layers = layers.SubView(shape.SharedTrunk ? 0 : sizes.Layers, sizes.Layers),
        Row = sizes.Row, InputScale = sizes.InputScale, Output = shape.SharedTrunk ? 1 : 0, Stride = sizes.Stride,
    };

    /// <summary>One learner's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ArrayView<T> Of(int learner) => Learners.SubView((long)learner * Row, Row);
}
