using ILGPU.Runtime.Cuda;
using Naf.Gpu.Devices;

namespace Naf.Gpu.Accelerators;

/// <summary>C = A B in float32 by NVIDIA's cuBLAS: what a CUDA device's matrix products are measured against.</summary>
public sealed class CublasProduct : IDisposable
{
    private readonly CuBlas _library;

    private CublasProduct(CuBlas library) => _library = library;

    /// <summary>The library on a device; null where the device is not CUDA's, or cuBLAS 10 to 12 is not installed.</summary>
    public static CublasProduct? Create(GpuDevice device)
    {
        if (device.Cuda is not { } accelerator) return null;
        try
        {
            return new CublasProduct(new CuBlas(accelerator));
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or CuBlasException)
        {
            return null;
        }
    }

    /// <summary>Launches the product; returns without waiting for it.</summary>
    /// <param name="a">[rows, depth].</param>
    /// <param name="b">[depth, columns].</param>
    /// <param name="c">[rows, columns].</param>
    /// <exception cref="DeviceException">cuBLAS refuses it.</exception>
    public void Launch(DeviceBuffer<float> a, DeviceBuffer<float> b, DeviceBuffer<float> c, int rows, int depth, int columns)
    {
        try
        {
            // cuBLAS counts columns first: Cᵀ = Bᵀ Aᵀ
            _library.Gemm(CuBlasOperation.NonTranspose, CuBlasOperation.NonTranspose, columns, rows, depth, 1f, b.View, columns,
                a.View, depth, 0f, c.View, columns);
        }
        catch (CuBlasException error)
        {
            throw new DeviceException($"cuBLAS refuses a product ({error.Message}); update the driver");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _library.Dispose();
}
