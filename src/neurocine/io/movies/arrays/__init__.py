"""Movies as arrays in files for data of any kind: HDF5, MATLAB, NumPy, NWB, Zarr."""
