namespace Naf.Kernels.Network;

/// <summary>Normalisation of a hidden layer's sums z before its ReLU.</summary>
public enum Normalisation
{
    /// <summary>h = max(z, 0).</summary>
    None,
    /// <summary>Batch renormalisation: each unit over the samples of a minibatch (Ioffe 2017).</summary>
    Batch,
    /// <summary>Layer normalisation: each sample over the units of the layer (Ba, Kiros and Hinton 2016).</summary>
    Layer,
}
